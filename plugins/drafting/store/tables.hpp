// The tables, and how they came to be.
#pragma once

#include <array>

#include "noa/sdk/sqlite.hpp"

namespace drafting {

// A text is in `texts` as it was at some version; what came since is in the journal. `keyframes`
// are texts of former versions, the first one always: any other is one of them and the changes
// since. A row of the journal has the changes after `since` up to `version`: one, or several of one
// author that were joined. What is searched for words is the beginning of a text. JSON's functions,
// and writing to FTS5 by triggers, are not for schemas that are not trusted: `told` is what the
// views put together, and the store keeps `draft_text`.
inline constexpr std::array<noa::sqlite::Migration, 1> migrations{{
    {1, "drafts, journal, revisions, comments, templates", R"sql(
        CREATE TABLE documents(
            id TEXT PRIMARY KEY, cause BLOB NOT NULL, title TEXT NOT NULL, type TEXT NOT NULL,
            author TEXT NOT NULL, template_id TEXT, status INTEGER NOT NULL, tone TEXT,
            audience TEXT, metadata TEXT, tags TEXT NOT NULL, collaborators TEXT NOT NULL,
            others INTEGER NOT NULL, crlf INTEGER NOT NULL, origin TEXT,
            origin_version INTEGER NOT NULL, merged INTEGER NOT NULL, words INTEGER NOT NULL,
            bytes INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL) STRICT;
        CREATE INDEX idx_author_id ON documents(author);
        CREATE INDEX idx_status ON documents(status, updated);
        CREATE INDEX idx_updated_at ON documents(updated);
        CREATE TABLE texts(
            key INTEGER PRIMARY KEY, draft TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
            body TEXT NOT NULL) STRICT;
        CREATE TABLE keyframes(
            draft TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY(draft, version)) STRICT;
        CREATE TABLE journal(
            draft TEXT NOT NULL, version INTEGER NOT NULL, since INTEGER NOT NULL,
            client TEXT NOT NULL, author TEXT NOT NULL, at INTEGER NOT NULL,
            encoding INTEGER NOT NULL, changes BLOB NOT NULL, PRIMARY KEY(draft, version))
            STRICT, WITHOUT ROWID;
        CREATE TABLE revisions(
            draft TEXT NOT NULL, number INTEGER NOT NULL, version INTEGER NOT NULL,
            author TEXT NOT NULL, at INTEGER NOT NULL, message TEXT NOT NULL, told TEXT NOT NULL,
            PRIMARY KEY(draft, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE comments(
            draft TEXT NOT NULL, number INTEGER NOT NULL, version INTEGER NOT NULL,
            first INTEGER NOT NULL, last INTEGER NOT NULL, told TEXT NOT NULL,
            PRIMARY KEY(draft, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE templates(
            name TEXT PRIMARY KEY, author TEXT NOT NULL, at INTEGER NOT NULL, told TEXT NOT NULL)
            STRICT, WITHOUT ROWID;
        CREATE TABLE tags(
            tag TEXT NOT NULL, draft TEXT NOT NULL, PRIMARY KEY(tag, draft)) STRICT, WITHOUT ROWID;
        CREATE INDEX tags_draft ON tags(draft);
        CREATE TABLE search(
            key INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL) STRICT;
        CREATE VIRTUAL TABLE draft_text USING fts5(title, body, content = 'search',
            content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2');
        CREATE TRIGGER documents_gone AFTER DELETE ON documents BEGIN
            DELETE FROM search WHERE key = (SELECT key FROM texts WHERE draft = OLD.id);
            DELETE FROM texts WHERE draft = OLD.id;
            DELETE FROM keyframes WHERE draft = OLD.id;
            DELETE FROM journal WHERE draft = OLD.id;
            DELETE FROM revisions WHERE draft = OLD.id;
            DELETE FROM comments WHERE draft = OLD.id;
            DELETE FROM tags WHERE draft = OLD.id;
        END;
        CREATE VIEW drafts AS
            SELECT d.id AS draft_id, d.title, d.type AS document_type, t.body AS content,
                d.template_id, d.author AS author_id,
                CASE d.status WHEN 0 THEN 'draft' WHEN 1 THEN 'review' WHEN 2 THEN 'approved'
                    WHEN 3 THEN 'published' ELSE 'archived' END AS status,
                max(t.version, ifnull((SELECT max(version) FROM journal j WHERE j.draft = d.id), 0))
                    AS version,
                d.tone, d.audience AS target_audience,
                strftime('%Y-%m-%dT%H:%M:%fZ', d.created / 1000.0, 'unixepoch') AS created_at,
                strftime('%Y-%m-%dT%H:%M:%fZ', d.updated / 1000.0, 'unixepoch') AS updated_at,
                d.metadata, d.collaborators,
                (SELECT '[' || ifnull(group_concat(told), '') || ']' FROM comments c
                    WHERE c.draft = d.id) AS comments,
                (SELECT '[' || ifnull(group_concat(told), '') || ']' FROM revisions r
                    WHERE r.draft = d.id) AS revision_history,
                d.tags, d.words AS word_count
            FROM documents d JOIN texts t ON t.draft = d.id)sql",
     R"sql(
        DROP VIEW drafts; DROP TRIGGER documents_gone; DROP TABLE draft_text; DROP TABLE search;
        DROP TABLE tags; DROP TABLE templates; DROP TABLE comments; DROP TABLE revisions;
        DROP TABLE journal; DROP TABLE keyframes; DROP TABLE texts; DROP TABLE documents)sql"},
}};

} // namespace drafting
