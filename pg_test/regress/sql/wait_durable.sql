-- Is what was written last durable afterwards, also where the next record begins on a new page? The insert position is
-- behind that page's header then, which is not written yet.
DO $$
DECLARE
  page_ends integer := 0;
BEGIN
  WHILE page_ends < 3 LOOP
    -- Records of random length, until one ends where its page does.
    PERFORM pg_logical_emit_message(false, '', repeat('x', (random() * 64)::integer));
    IF (pg_current_wal_insert_lsn() - '0/0') % 8192 = 24 THEN
      page_ends := page_ends + 1;
      PERFORM spacetime.wait_durable(pg_current_wal_insert_lsn());
    END IF;
  END LOOP;
END $$;
-- The end of the WAL at most: nobody waits for what will never be written.
SELECT spacetime.wait_durable('FFFFFFFF/FFFFFFFF');
