// The tables, and how they came to be.
#pragma once

#include <array>

#include "noa/sdk/sqlite.hpp"

namespace communication {

// Bodies are apart, so that lists and the settling of messages touch small rows only. `messages`
// is appended to: created_at never falls as seq rises. An id is the sender's own; where it is NULL
// the message goes by the store's name and its seq. JSON's functions are not for schemas that are
// not trusted; names of agents and subjects need no quoting.
inline constexpr std::array<noa::sqlite::Migration, 5> migrations{{
    {1, "messages, attempts, groups", R"sql(
        CREATE TABLE messages(
            seq INTEGER PRIMARY KEY, id TEXT, cause BLOB, sender TEXT NOT NULL,
            recipient TEXT NOT NULL, kind INTEGER NOT NULL, operation TEXT NOT NULL,
            conversation TEXT, priority INTEGER NOT NULL, ordered INTEGER NOT NULL,
            envelope INTEGER NOT NULL, hops INTEGER NOT NULL, max_attempts INTEGER NOT NULL,
            timeout_ms INTEGER NOT NULL, content_type TEXT, traceparent TEXT, metadata TEXT,
            created_at INTEGER NOT NULL, deadline INTEGER NOT NULL,
            state INTEGER NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL,
            settled_at INTEGER NOT NULL, duration_us INTEGER NOT NULL, error TEXT) STRICT;
        CREATE TABLE bodies(seq INTEGER PRIMARY KEY, encoding INTEGER NOT NULL, body BLOB NOT NULL)
            STRICT;
        CREATE INDEX messages_status ON messages(state) WHERE state <> 2;
        CREATE INDEX messages_sender ON messages(sender);
        CREATE INDEX messages_recipient ON messages(recipient);
        CREATE INDEX messages_conversation ON messages(conversation)
            WHERE conversation IS NOT NULL;
        CREATE INDEX messages_id ON messages(id) WHERE id IS NOT NULL;
        CREATE TABLE attempts(
            seq INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL,
            duration_us INTEGER NOT NULL, status INTEGER NOT NULL, error TEXT NOT NULL,
            PRIMARY KEY(seq, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE groups(name TEXT PRIMARY KEY, members TEXT NOT NULL,
            updated_at INTEGER NOT NULL, updated_by TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE facts(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO facts VALUES('store', lower(hex(randomblob(4))));
        CREATE VIEW message_history AS
            SELECT ifnull(m.id, (SELECT value FROM facts WHERE key = 'store') || '-' || m.seq)
                    AS message_id,
                CASE m.kind WHEN 0 THEN 'request' WHEN 1 THEN 'event' ELSE 'webhook' END AS type,
                m.sender, '["' || m.recipient || '"]' AS recipients,
                CASE m.kind WHEN 0 THEN m.operation ELSE m.recipient END AS subject,
                CASE b.encoding WHEN 0 THEN b.body ELSE NULL END AS payload,
                CASE m.state WHEN 0 THEN 'queued' WHEN 1 THEN 'failed' WHEN 2 THEN 'acked'
                    WHEN 3 THEN 'dead' WHEN 4 THEN 'expired' ELSE 'cancelled' END AS status,
                strftime('%Y-%m-%dT%H:%M:%fZ', m.created_at / 1000.0, 'unixepoch') AS created_at,
                '{"attempts":' || m.attempts || ',"given":' || ifnull(m.metadata, 'null') || '}'
                    AS metadata
            FROM messages m LEFT JOIN bodies b USING(seq);
        CREATE VIEW conversation_archive AS
            SELECT conversation AS conversation_id,
                '["' || replace(group_concat(DISTINCT sender), ',', '","') || '"]' AS participants,
                NULL AS topic,
                count(*) AS message_count,
                strftime('%Y-%m-%dT%H:%M:%fZ', min(created_at) / 1000.0, 'unixepoch')
                    AS created_at,
                strftime('%Y-%m-%dT%H:%M:%fZ', max(created_at) / 1000.0, 'unixepoch')
                    AS last_activity,
                NULL AS metadata
            FROM messages WHERE conversation IS NOT NULL GROUP BY conversation)sql",
     R"sql(
        DROP VIEW conversation_archive; DROP VIEW message_history; DROP TABLE facts;
        DROP TABLE groups; DROP TABLE attempts; DROP TABLE bodies; DROP TABLE messages)sql"},
    {2, "tasks", R"sql(
        CREATE TABLE tasks(
            seq INTEGER PRIMARY KEY, task_id TEXT NOT NULL UNIQUE, task_type TEXT NOT NULL,
            status TEXT NOT NULL, priority INTEGER NOT NULL, payload TEXT NOT NULL,
            submitter TEXT NOT NULL, worker TEXT, attempts INTEGER NOT NULL,
            max_attempts INTEGER NOT NULL, timeout_ms INTEGER NOT NULL, created INTEGER NOT NULL,
            started INTEGER, lease INTEGER, ended INTEGER, result TEXT, error TEXT) STRICT;
        CREATE INDEX tasks_pending ON tasks(priority DESC, seq) WHERE status = 'pending';
        CREATE INDEX tasks_processing ON tasks(lease) WHERE status = 'processing';
        CREATE INDEX tasks_created ON tasks(created);
        CREATE VIEW task_results AS
            SELECT task_id, task_type, status, priority, payload, result, error, worker, attempts,
                strftime('%Y-%m-%dT%H:%M:%fZ', created / 1000.0, 'unixepoch') AS created_at,
                strftime('%Y-%m-%dT%H:%M:%fZ', started / 1000.0, 'unixepoch') AS started_at,
                strftime('%Y-%m-%dT%H:%M:%fZ', ended / 1000.0, 'unixepoch') AS completed_at
            FROM tasks)sql",
     "DROP VIEW task_results; DROP TABLE tasks"},
    // A stream without a name is on its way out. `due` is NULL for what was given up; `held`:
    // whoever has it may settle it. No delivery has the number of another, of a consumer that is
    // gone neither: facts has the highest of those.
    {3, "streams, consumers", R"sql(
        CREATE TABLE streams(
            stream INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, last INTEGER NOT NULL,
            last_at INTEGER NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
            max_age INTEGER NOT NULL, max_count INTEGER NOT NULL, max_bytes INTEGER NOT NULL,
            created INTEGER NOT NULL) STRICT;
        CREATE TABLE entries(
            key INTEGER PRIMARY KEY, at INTEGER NOT NULL, sender TEXT NOT NULL, id TEXT,
            known_by BLOB NOT NULL UNIQUE, encoding INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
        CREATE TABLE consumers(
            consumer INTEGER PRIMARY KEY, stream INTEGER NOT NULL, name TEXT NOT NULL,
            next INTEGER NOT NULL, delivery INTEGER NOT NULL, settled INTEGER NOT NULL,
            ack_wait INTEGER NOT NULL, max_attempts INTEGER NOT NULL, window INTEGER NOT NULL,
            UNIQUE(stream, name)) STRICT;
        CREATE TABLE pending(
            consumer INTEGER NOT NULL, position INTEGER NOT NULL, delivery INTEGER NOT NULL,
            attempts INTEGER NOT NULL, held INTEGER NOT NULL, due INTEGER,
            PRIMARY KEY(consumer, position)) STRICT, WITHOUT ROWID;
        CREATE INDEX pending_due ON pending(consumer, due) WHERE due IS NOT NULL)sql",
     "DROP TABLE pending; DROP TABLE consumers; DROP TABLE entries; DROP TABLE streams; "
     "DELETE FROM facts WHERE key = 'delivery'"},
    // Triggers, so that programs that do not know of conversations keep them, too. What was said is
    // searched as of now.
    {4, "conversations", R"sql(
        CREATE TABLE conversations(
            conversation TEXT PRIMARY KEY, topic TEXT, metadata TEXT, messages INTEGER NOT NULL,
            first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, archived INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
        CREATE INDEX conversations_last ON conversations(archived, last_at);
        CREATE TABLE participants(
            conversation TEXT NOT NULL, agent TEXT NOT NULL, PRIMARY KEY(conversation, agent))
            STRICT, WITHOUT ROWID;
        CREATE INDEX participants_agent ON participants(agent);
        INSERT INTO conversations SELECT conversation, NULL, NULL, count(*), min(created_at),
            max(created_at), 0 FROM messages WHERE conversation IS NOT NULL GROUP BY conversation;
        INSERT INTO participants SELECT conversation, sender FROM messages WHERE conversation IS NOT
            NULL UNION SELECT conversation, recipient FROM messages WHERE conversation IS NOT NULL;
        CREATE TRIGGER messages_conversation_kept AFTER INSERT ON messages
            WHEN NEW.conversation IS NOT NULL BEGIN
            INSERT INTO conversations VALUES(NEW.conversation, NULL, NULL, 1, NEW.created_at,
                NEW.created_at, 0) ON CONFLICT(conversation) DO UPDATE SET messages = messages + 1,
                last_at = max(last_at, excluded.last_at), archived = 0;
            INSERT INTO participants VALUES(NEW.conversation, NEW.sender) ON CONFLICT DO NOTHING;
            INSERT INTO participants VALUES(NEW.conversation, NEW.recipient) ON CONFLICT DO NOTHING;
        END;
        CREATE TRIGGER conversations_gone AFTER DELETE ON conversations BEGIN
            DELETE FROM participants WHERE conversation = OLD.conversation;
        END;
        CREATE VIRTUAL TABLE conversation_text USING fts5(conversation, text, columnsize = 0,
            tokenize = 'unicode61 remove_diacritics 2');
        DROP VIEW conversation_archive;
        CREATE VIEW conversation_archive AS
            SELECT conversation AS conversation_id,
                (SELECT '["' || group_concat(agent, '","') || '"]' FROM (SELECT agent FROM
                    participants p WHERE p.conversation = c.conversation LIMIT 1000))
                    AS participants,
                topic, messages AS message_count,
                strftime('%Y-%m-%dT%H:%M:%fZ', first_at / 1000.0, 'unixepoch') AS created_at,
                strftime('%Y-%m-%dT%H:%M:%fZ', last_at / 1000.0, 'unixepoch') AS last_activity,
                metadata
            FROM conversations c)sql",
     R"sql(
        DROP VIEW conversation_archive; DROP TABLE conversation_text;
        DROP TRIGGER conversations_gone; DROP TRIGGER messages_conversation_kept;
        DROP TABLE participants; DROP TABLE conversations;
        CREATE VIEW conversation_archive AS
            SELECT conversation AS conversation_id,
                '["' || replace(group_concat(DISTINCT sender), ',', '","') || '"]' AS participants,
                NULL AS topic,
                count(*) AS message_count,
                strftime('%Y-%m-%dT%H:%M:%fZ', min(created_at) / 1000.0, 'unixepoch')
                    AS created_at,
                strftime('%Y-%m-%dT%H:%M:%fZ', max(created_at) / 1000.0, 'unixepoch')
                    AS last_activity,
                NULL AS metadata
            FROM messages WHERE conversation IS NOT NULL GROUP BY conversation)sql"},
    {5, "content rules",
     "CREATE TABLE flags(seq INTEGER NOT NULL, rule TEXT NOT NULL, PRIMARY KEY(seq, rule)) STRICT, "
     "WITHOUT ROWID",
     "DROP TABLE flags"},
}};

} // namespace communication
