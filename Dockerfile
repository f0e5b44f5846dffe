# syntax=docker/dockerfile:1
# The official Postgres image with the extension, created in a new data directory's database, and the `spacetime` command.
#
#   docker build -t spacetime .                              the server, Postgres 17
#   docker build -t spacetime --build-arg PG_MAJOR=15 .      another major
#   docker build --target test .                             the tests, in that major
ARG PG_MAJOR=17
ARG RUST_VERSION=1.95

FROM rust:${RUST_VERSION}-bookworm AS rust

# --- build: the same Postgres the extension will be loaded into, with headers, Rust and cargo-pgrx -------------------
FROM postgres:${PG_MAJOR}-bookworm AS build
ARG PG_MAJOR
COPY --from=rust /usr/local/rustup /usr/local/rustup
COPY --from=rust /usr/local/cargo /usr/local/cargo
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:$PATH \
    CARGO_TARGET_DIR=/build PG_CONFIG=/usr/lib/postgresql/${PG_MAJOR}/bin/pg_config
RUN apt-get update \
    && apt-get install --yes --no-install-recommends "postgresql-server-dev-$PG_MAJOR" \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /spacetime
# Setup depends on these files only: a change in the code does not install everything again.
COPY Cargo.toml ./
COPY tools/setup tools/find-pg-config tools/
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    tools/setup --build && rm -rf /var/lib/apt/lists/*
COPY . .
# What is compiled stays in a cache: a change in the code compiles only what it touches, and images hold only the result.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/build \
    tools/install && tools/build-command \
    && cp -a "/build/package/pg$PG_MAJOR" /package \
    && install -D /build/release/spacetime /package/usr/local/bin/spacetime \
    && strip --strip-debug "/package/usr/lib/postgresql/$PG_MAJOR/lib/spacetime.so" /package/usr/local/bin/spacetime

# --- test: not part of the image; `--target test` runs it ------------------------------------------------------------
FROM build AS test
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/build \
    make test

# --- runtime ---------------------------------------------------------------------------------------------------------
FROM postgres:${PG_MAJOR}-bookworm AS runtime
ARG PG_MAJOR
COPY --from=build /package/ /
# New data directories take their settings from the sample.
RUN echo "shared_preload_libraries = 'spacetime'" >> "/usr/share/postgresql/$PG_MAJOR/postgresql.conf.sample" \
    && echo 'CREATE EXTENSION spacetime;' > /docker-entrypoint-initdb.d/spacetime.sql
# `spacetime gateway`, for those who run it.
EXPOSE 3000
