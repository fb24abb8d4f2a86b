-- registrations int8[], launch_ids text[], deployment_ids text[], nonces text[], expires int8[], subs text[], names text[], given_names text[], family_names text[], emails text[], locales text[], sourcedids text[], context_ids text[], context_titles text[], context_labels text[], link_ids text[], link_titles text[], lineitems_urls text[], lineitem_urls text[], ags_scopes text[], nrps_urls text[], roles int8[], learners bool[], lms_admins bool[], test_users bool[], mentees text[], token_hashes bytea[], browser_hashes bytea[], extras text[] -> n int8, verdict text
SELECT n, verdict
FROM launch_record_with($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
                   $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)
