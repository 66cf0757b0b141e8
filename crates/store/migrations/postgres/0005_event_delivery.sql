-- Who administered the repository that an entry is about, when it was written: the repository may be gone when its
-- events are told.
ALTER TABLE change ADD COLUMN administrator TEXT COLLATE "C";
UPDATE change SET administrator = (
    SELECT r.administrator FROM repository r WHERE r.domain_id = change.log_id AND r.name = change.repository
) WHERE repository IS NOT NULL;

-- How far each destination has the entries of each log. The row of log 0 says that the destination is known.
CREATE TABLE event_cursor (
    destination TEXT COLLATE "C" NOT NULL,
    log_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (destination, log_id)
);
