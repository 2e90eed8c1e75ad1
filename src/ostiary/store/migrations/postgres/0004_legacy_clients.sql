-- Which applications use what is no longer recommended: metadata lists it for their sake.
ALTER TABLE clients ADD COLUMN uses_legacy boolean NOT NULL DEFAULT false;
CREATE INDEX clients_with_legacy ON clients (client_id) WHERE uses_legacy;
