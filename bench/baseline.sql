-- What the reducers of the modules `bench` and `bank` do, as somebody at home in Postgres would write it. Names carry
-- their schema: a pinned search_path would cost each call.
CREATE SCHEMA baseline;

CREATE TABLE baseline.event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, value bigint NOT NULL);
CREATE TABLE baseline.account (id bigint PRIMARY KEY, balance bigint NOT NULL);

CREATE FUNCTION baseline.nothing() RETURNS void LANGUAGE plpgsql AS $$ BEGIN END $$;

CREATE FUNCTION baseline.insert_one(value bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO baseline.event (value) VALUES (insert_one.value);
END $$;

CREATE FUNCTION baseline.insert_ten(value bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 0..9 LOOP
    INSERT INTO baseline.event (value) VALUES (insert_ten.value + i);
  END LOOP;
END $$;

CREATE FUNCTION baseline.seed(n bigint, balance bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM baseline.account;
  INSERT INTO baseline.account SELECT i, seed.balance FROM generate_series(0, n - 1) i;
END $$;

CREATE FUNCTION baseline.transfer(source bigint, target bigint, amount bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  source_balance bigint;
  target_balance bigint;
BEGIN
  IF amount <= 0 THEN RAISE 'the amount must be positive'; END IF;
  IF source = target THEN RAISE 'cannot transfer to the same account'; END IF;
  SELECT balance INTO source_balance FROM baseline.account WHERE id = source FOR UPDATE;
  IF NOT FOUND THEN RAISE 'there is no account %', source; END IF;
  SELECT balance INTO target_balance FROM baseline.account WHERE id = target FOR UPDATE;
  IF NOT FOUND THEN RAISE 'there is no account %', target; END IF;
  IF source_balance < amount THEN RAISE 'insufficient funds: account % has %', source, source_balance; END IF;
  UPDATE baseline.account SET balance = source_balance - amount WHERE id = source;
  UPDATE baseline.account SET balance = target_balance + amount WHERE id = target;
END $$;

-- Primes below n, by trial division: loops and integer arithmetic, nothing else.
CREATE FUNCTION baseline.count_primes(n bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  found_primes bigint := 0;
  divisor bigint;
BEGIN
  <<candidates>>
  FOR candidate IN 2..n - 1 LOOP
    divisor := 2;
    WHILE divisor * divisor <= candidate LOOP
      IF candidate % divisor = 0 THEN CONTINUE candidates; END IF;
      divisor := divisor + 1;
    END LOOP;
    found_primes := found_primes + 1;
  END LOOP;
  IF found_primes = 0 THEN RAISE 'there are primes below any useful n'; END IF;
END $$;

-- Longest Collatz chain that starts below n: loops, branches, additions.
CREATE FUNCTION baseline.longest_chain(n bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  longest bigint := 0;
  steps bigint;
  x bigint;
BEGIN
  FOR start IN 1..n - 1 LOOP
    x := start;
    steps := 0;
    WHILE x <> 1 LOOP
      IF x % 2 = 0 THEN x := x / 2; ELSE x := 3 * x + 1; END IF;
      steps := steps + 1;
    END LOOP;
    IF steps > longest THEN longest := steps; END IF;
  END LOOP;
  IF longest = 0 THEN RAISE 'there is a chain below any useful n'; END IF;
END $$;

-- The n-th Fibonacci number by its definition, and once more.
CREATE FUNCTION baseline.fibonacci(n bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF n < 2 THEN RETURN n; END IF;
  RETURN baseline.fibonacci(n - 1) + baseline.fibonacci(n - 2);
END $$;

CREATE FUNCTION baseline.fibonacci_twice(n bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF baseline.fibonacci(n) <> baseline.fibonacci(n) THEN RAISE 'the same every time'; END IF;
END $$;
