// The tables, and how they came to be.
#pragma once

#include <array>

#include "noa/sdk/sqlite.hpp"

namespace config {

// agent_configurations has the current documents; config_data is NULL of one that was unset.
// config_versions has what watchers and history need: config_data is NULL once there are too many
// newer ones, the row goes when its revision is compacted. audit_log is appended to, and loses its
// oldest; nothing else is let through. config_files has what was last written to the file of a
// document.
inline constexpr std::array<noa::sqlite::Migration, 3> migrations{{
    {1, "documents, versions, audit log", R"sql(
        CREATE TABLE agent_configurations(
            name TEXT NOT NULL, environment TEXT NOT NULL, config_data TEXT,
            version INTEGER NOT NULL, revision INTEGER NOT NULL,
            updated_at TEXT NOT NULL, updated_by TEXT NOT NULL, reason TEXT NOT NULL,
            PRIMARY KEY(name, environment)) STRICT, WITHOUT ROWID;
        CREATE TABLE config_versions(
            revision INTEGER PRIMARY KEY, name TEXT NOT NULL, environment TEXT NOT NULL,
            version INTEGER NOT NULL, kind TEXT NOT NULL, config_data TEXT, patch TEXT NOT NULL,
            digest TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by TEXT NOT NULL,
            reason TEXT NOT NULL, cause TEXT NOT NULL,
            first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
        CREATE UNIQUE INDEX config_versions_of
            ON config_versions(name, environment, version);
        CREATE TABLE config_state(key TEXT PRIMARY KEY, value INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
        INSERT INTO config_state VALUES('compacted', 0), ('revision', 0);
        CREATE TABLE audit_log(
            seq INTEGER PRIMARY KEY, at TEXT NOT NULL, author TEXT NOT NULL,
            action TEXT NOT NULL, name TEXT NOT NULL, environment TEXT NOT NULL,
            revision INTEGER NOT NULL, digest TEXT NOT NULL, reason TEXT NOT NULL,
            hash TEXT NOT NULL) STRICT;
        CREATE TRIGGER audit_log_is_not_edited BEFORE UPDATE ON audit_log
            BEGIN SELECT RAISE(ABORT, 'the audit log is appended to only'); END;
        CREATE TRIGGER audit_log_loses_its_oldest_only BEFORE DELETE ON audit_log
            WHEN old.seq <> (SELECT min(seq) FROM audit_log)
            BEGIN SELECT RAISE(ABORT, 'the audit log is appended to only'); END)sql",
     R"sql(
        DROP TABLE audit_log; DROP TABLE config_state; DROP TABLE config_versions;
        DROP TABLE agent_configurations)sql"},
    {2, "files of documents, audit log by name", R"sql(
        CREATE TABLE config_files(
            name TEXT PRIMARY KEY, path TEXT NOT NULL, digest TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX audit_log_of ON audit_log(name, seq))sql",
     R"sql(DROP INDEX audit_log_of; DROP TABLE config_files)sql"},
    {3, "versions by their cause; those with content", R"sql(
        CREATE INDEX config_versions_cause ON config_versions(cause) WHERE cause <> '';
        CREATE INDEX config_versions_kept ON config_versions(name, environment, version)
            WHERE config_data IS NOT NULL)sql",
     R"sql(DROP INDEX config_versions_cause; DROP INDEX config_versions_kept)sql"},
}};

} // namespace config
