/* Judges credentials with @digitalbazaar's cryptosuite, jsonld.js and rdf-canonize; nothing is fetched.
 *   node verify.js CONTEXTS_FOLDER < question.json > answer.json
 * Question: {"did": a DID document, "jobs": [{"verify": secured credential} | {"canonise": document}]}
 * Answer: for each job {"verified": true | false, "error"} or {"nquads"} or {"error"}. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import jsigs from 'jsonld-signatures';
import jsonld from 'jsonld';
import * as rdfCanonize from 'rdf-canonize';

const folder = process.argv[2];
const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
const question = JSON.parse(readFileSync(0, 'utf8'));
const read = new Map();

function context(url) {
  if(!read.has(url)) {
    const entry = index[url];
    const name = typeof entry === 'string' ? entry : entry.file;
    read.set(url, JSON.parse(readFileSync(join(folder, name), 'utf8')));
  }
  return read.get(url);
}

async function documentLoader(url) {
  const answer = document => ({contextUrl: null, documentUrl: url, document});
  if(index[url]) {
    return {...answer(context(url)), tag: 'static'}; // parsed once
  }
  if(url === question.did.id) {
    return answer(question.did);
  }
  const method = question.did.verificationMethod.find(m => m.id === url);
  if(method) {
    return answer({'@context': 'https://w3id.org/security/multikey/v1', ...method});
  }
  throw new Error(`${url} is not known`);
}

async function verify(credential) {
  const suite = new DataIntegrityProof({cryptosuite});
  const purpose = new jsigs.purposes.AssertionProofPurpose();
  const {verified, error} = await jsigs.verify(credential, {suite, purpose, documentLoader});
  return {verified, error: error ? `${error.message} ${(error.errors ?? []).map(e => e.message)}` : ''};
}

async function canonise(document) {
  const dataset = await jsonld.toRDF(document, {documentLoader, safe: true});
  return {nquads: await rdfCanonize.canonize(dataset, {algorithm: 'RDFC-1.0', format: 'application/n-quads'})};
}

const answers = [];
for(const job of question.jobs) {
  try {
    answers.push(job.verify ? await verify(job.verify) : await canonise(job.canonise));
  } catch(error) {
    answers.push({verified: false, error: String(error.message)});
  }
}
process.stdout.write(JSON.stringify(answers));
