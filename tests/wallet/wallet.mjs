// A wallet of other people's making: @openid4vc/openid4vci (the Open Wallet Foundation's), which holds every answer against
// the final version 1.0 of the protocol.
//     node wallet.mjs LINK DIGITS CONFIGURATION    DIGITS may be ""; prints {version, jwk, response}
import crypto from "node:crypto";
import { setGlobalConfig } from "@openid4vc/oauth2";
import { Openid4vciClient } from "@openid4vc/openid4vci";

const [link, txCode, credentialConfigurationId] = process.argv.slice(2);
const { publicKey, privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicJwk = publicKey.export({ format: "jwk" });
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

setGlobalConfig({ allowInsecureUrls: true }); // of this machine
const client = new Openid4vciClient({
    callbacks: {
        fetch,
        hash: (data, alg) => crypto.createHash(alg.replace("-", "")).update(data).digest(),
        generateRandom: (count) => crypto.randomBytes(count),
        clientAuthentication: () => {}, // anonymous
        signJwt: async (signer, { header, payload }) => {
            const input = `${part(header)}.${part(payload)}`;
            const signature = crypto.sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
            return { jwt: `${input}.${signature.toString("base64url")}`, signerJwk: publicJwk };
        },
    },
});
const credentialOffer = await client.resolveCredentialOffer(link);
const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
const { accessTokenResponse } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer, issuerMetadata, txCode: txCode || undefined,
});
const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata });
const { jwt } = await client.createCredentialRequestJwtProof({
    issuerMetadata, credentialConfigurationId, nonce, signer: { method: "jwk", publicJwk, alg: "ES256" },
});
const { credentialResponse } = await client.retrieveCredentials({
    issuerMetadata, credentialConfigurationId, accessToken: accessTokenResponse.access_token, proofs: { jwt: [jwt] },
});
console.log(JSON.stringify({ version: issuerMetadata.originalDraftVersion, jwk: publicJwk, response: credentialResponse }));
