-- What people see of their account: the applications that act for them, and what happened.

-- All grants that somebody gave an application, which end together.
DROP INDEX grants_of_user;
CREATE INDEX grants_of_user ON grants (user_id, client_id);

-- When a grant was used last: its refresh tokens say so.
CREATE INDEX refresh_families_of_grant ON refresh_families (grant_id);

-- Somebody's events without those of everyday issuance, which are most of them by far.
CREATE INDEX events_of_person ON events (user_id, seq) WHERE user_id IS NOT NULL AND type
  NOT IN ('code.issued', 'code.redeemed', 'token.issued', 'token.refreshed', 'token.revoked');
