-- key text -> institution_id int8, id int8, institution text
SELECT institution_id, id, institution FROM issuer_find($1)
