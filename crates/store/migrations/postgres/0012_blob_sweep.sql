-- Bytes that the sweep has found nothing to refer to, and how far it is with them: `noticed`, `going` while they are
-- being removed, `gone` for some time afterwards. No row may begin to refer to what is going or gone.
CREATE TABLE condemned_blob (
    sha256 BYTEA NOT NULL PRIMARY KEY,
    state TEXT COLLATE "C" NOT NULL,
    -- Whose removal it is or was; empty before.
    mark TEXT COLLATE "C" NOT NULL,
    since_ms BIGINT NOT NULL
);
CREATE INDEX condemned_blob_state ON condemned_blob (state, since_ms);
