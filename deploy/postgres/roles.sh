#!/bin/sh
# Run by the image at the database's first start. The silos' role owns nothing, so that row-level security binds it.
set -eu
psql -v ON_ERROR_STOP=1 -v owner="$SOPHIA_OWNER_PASSWORD" -v silo="$SOPHIA_SILO_PASSWORD" -U "$POSTGRES_USER" <<'SQL'
CREATE ROLE sophia_owner LOGIN PASSWORD :'owner';
CREATE ROLE sophia LOGIN PASSWORD :'silo';
CREATE DATABASE sophia OWNER sophia_owner;
SQL
