#include <sys/stat.h>

#include <fstream>

#include "scratch.hpp"

namespace noa::sqlite {
namespace {

TEST_F(SqliteTest, OpensInWalWithFullSynchronousAndForeignKeys) {
    Database database = opened(path());
    EXPECT_EQ(number(database, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode='wal'"),
              1);
    EXPECT_EQ(number(database, "PRAGMA synchronous"), 2);
    EXPECT_EQ(number(database, "PRAGMA foreign_keys"), 1);
    EXPECT_EQ(number(database, "PRAGMA busy_timeout"), 5000);
}

TEST_F(SqliteTest, NormalDurabilityIsAChoice) {
    Database database = opened(path(), {.durability = Durability::normal});
    EXPECT_EQ(number(database, "PRAGMA synchronous"), 1);
}

TEST_F(SqliteTest, FileIsReadableByItsOwnerOnly) {
    Database database = opened(path());
    execute(database, "CREATE TABLE t(a)");
    for (const char* name : {"test.db", "test.db-wal", "test.db-shm"}) {
        struct stat facts {};
        ASSERT_EQ(::stat(path(name).c_str(), &facts), 0) << name;
        EXPECT_EQ(facts.st_mode & 0777U, 0600U) << name;
    }
}

TEST_F(SqliteTest, EveryTypeComesBackAsItWasBound) {
    Database database = opened(path());
    execute(database,
            "CREATE TABLE t(i INTEGER, b INTEGER, r REAL, s TEXT, x BLOB, n TEXT) STRICT");
    const Blob bytes{std::byte{0}, std::byte{255}};
    auto insert = database.prepare("INSERT INTO t VALUES(?, ?, ?, ?, ?, ?)");
    ASSERT_TRUE(insert);
    auto changed = insert->run(std::numeric_limits<std::int64_t>::min(), true, 0.5,
                               std::string("a\0b", 3), bytes, std::optional<std::string>());
    ASSERT_TRUE(changed) << changed.error().message();
    EXPECT_EQ(*changed, 1);

    auto select = database.prepare("SELECT * FROM t");
    auto row =
        select->first<std::int64_t, bool, double, std::string, Blob, std::optional<std::string>>();
    ASSERT_TRUE(row) << row.error().message();
    EXPECT_EQ(**row, std::make_tuple(std::numeric_limits<std::int64_t>::min(), true, 0.5,
                                     std::string("a\0b", 3), bytes, std::optional<std::string>()));
}

TEST_F(SqliteTest, EmptyTextAndBlobAreNotNull) {
    Database database = opened(path());
    execute(database, "CREATE TABLE t(s TEXT NOT NULL, x BLOB NOT NULL) STRICT");
    auto insert = database.prepare("INSERT INTO t VALUES(?, ?)");
    ASSERT_TRUE(insert->run(std::string_view(), Blob()));
    auto row = database.prepare("SELECT s, x FROM t")->first<std::string, Blob>();
    ASSERT_TRUE(row) << row.error().message();
    EXPECT_EQ(**row, std::make_tuple(std::string(), Blob()));
}

TEST_F(SqliteTest, WrongTypesRangesAndCountsAreErrors) {
    Database database = opened(path());
    auto select = database.prepare("SELECT 300, 'text', NULL");
    ASSERT_TRUE(*select->step());
    EXPECT_EQ(select->get<std::uint8_t>(0).error().code, SQLITE_MISMATCH);
    EXPECT_EQ(*select->get<std::int16_t>(0), 300);
    EXPECT_EQ(select->get<std::int64_t>(1).error().text,
              "column 1 ('text'): wanted integer in range, found text");
    EXPECT_EQ(select->get<std::string>(2).error().code, SQLITE_MISMATCH);
    EXPECT_EQ(select->get<std::int64_t>(3).error().code, SQLITE_RANGE);
    EXPECT_FALSE(*select->step());
    EXPECT_EQ(select->get<std::int64_t>(0).error().code, SQLITE_RANGE);

    auto one = database.prepare("SELECT ?");
    EXPECT_EQ(one->run(1, 2).error().text, "wanted 1 parameters, got 2");
    EXPECT_EQ(one->run(std::numeric_limits<std::uint64_t>::max()).error().code, SQLITE_RANGE);
}

TEST_F(SqliteTest, ErrorCarriesExtendedCodeAndSqlButNoValue) {
    Database database = opened(path());
    execute(database, "CREATE TABLE t(a TEXT UNIQUE)");
    auto insert = database.prepare("INSERT INTO t VALUES(?)");
    ASSERT_TRUE(insert->run("hunter2"));
    auto again = insert->run("hunter2");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, SQLITE_CONSTRAINT_UNIQUE);
    EXPECT_TRUE(again.error().is(SQLITE_CONSTRAINT));
    EXPECT_EQ(again.error().message(),
              "UNIQUE constraint failed: t.a (SQLite 2067): INSERT INTO t VALUES(?)");

    auto literal = database.execute("INSERT INTO t\n  VALUES('hunter2', 4711, x'AB', t1)");
    EXPECT_EQ(literal.error().context, "INSERT INTO t VALUES(?, ?, x?, t1)");
    EXPECT_EQ(database.execute("SELECT 'it''s' 'hunter2 hunter3'").error().message().find("hunter"),
              std::string::npos);
}

TEST_F(SqliteTest, DoubleQuotedTextIsNotTakenForALiteral) {
    Database database = opened(path());
    EXPECT_FALSE(database.prepare("SELECT \"no such column\""));
}

TEST_F(SqliteTest, PrepareWantsExactlyOneStatement) {
    Database database = opened(path());
    EXPECT_EQ(database.prepare("SELECT 1; SELECT 2").error().code, SQLITE_MISUSE);
    EXPECT_EQ(database.prepare(" ; ").error().code, SQLITE_MISUSE);
    EXPECT_TRUE(database.prepare("SELECT 1 ; "));
}

TEST_F(SqliteTest, RunCountsOnlyItsOwnChanges) {
    Database database = opened(path());
    execute(database, "CREATE TABLE t(a); INSERT INTO t VALUES(1), (2)");
    EXPECT_EQ(*database.prepare("UPDATE t SET a = 3")->run(), 2);
    EXPECT_EQ(*database.prepare("SELECT 1")->run(), 0);
    EXPECT_EQ(*database.prepare("DELETE FROM t WHERE a = 9")->run(), 0);
}

TEST_F(SqliteTest, UncommittedTransactionIsUndone) {
    Database database = opened(path());
    execute(database, "CREATE TABLE t(a)");
    {
        auto transaction = database.begin();
        ASSERT_TRUE(transaction);
        execute(database, "INSERT INTO t VALUES(1)");
        EXPECT_FALSE(database.begin());
    }
    EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 0);
    auto transaction = database.begin();
    execute(database, "INSERT INTO t VALUES(1)");
    EXPECT_TRUE(transaction->commit());
    EXPECT_EQ(transaction->commit().error().code, SQLITE_MISUSE);
    EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 1);
}

TEST_F(SqliteTest, SecondWriterIsBusyAtBegin) {
    Database first = opened(path());
    Database second = opened(path(), {.busy_timeout = std::chrono::milliseconds(0)});
    auto transaction = first.begin();
    ASSERT_TRUE(transaction);
    auto refused = second.begin();
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(SQLITE_BUSY));
    EXPECT_EQ(refused.error().failure().status, NOA_E_BUSY);
    transaction->rollback();
    EXPECT_TRUE(second.begin());
}

TEST_F(SqliteTest, WhatOutlivesTheDatabaseFindsItClosed) {
    auto database = std::optional(opened(path()));
    execute(*database, "CREATE TABLE t(a)");
    auto insert = database->prepare("INSERT INTO t VALUES(1)");
    auto transaction = database->begin();
    ASSERT_TRUE(*insert->step() == false);
    database.reset();
    EXPECT_EQ(insert->run().error().code, SQLITE_MISUSE);
    EXPECT_EQ(transaction->commit().error().code, SQLITE_MISUSE);
    EXPECT_FALSE(std::filesystem::exists(path("test.db-wal")));
    Database again = opened(path());
    EXPECT_EQ(number(again, "SELECT count(*) FROM t"), 0);
}

TEST_F(SqliteTest, CloseLeavesAVirtualTableItsOwnStatements) {
    auto database = opened(path());
    ASSERT_TRUE(database.execute("CREATE VIRTUAL TABLE words USING fts5(text)"));
    auto put = database.prepare("INSERT INTO words VALUES(?)");
    ASSERT_TRUE(put);
    ASSERT_TRUE(put->run("one two"));
    database.close();
    EXPECT_FALSE(put->run("three"));
    auto again = opened(path());
    auto found = again.prepare("SELECT count(*) FROM words WHERE words MATCH 'two'");
    EXPECT_EQ(std::get<0>(**found->first<int>()), 1);
}

TEST_F(SqliteTest, ClosedDatabaseAnswersEveryCall) {
    Database database = opened(path());
    database.close();
    EXPECT_FALSE(database.is_open());
    EXPECT_FALSE(database.execute("SELECT 1"));
    EXPECT_FALSE(database.begin());
    EXPECT_FALSE(database.integrity_check());
    EXPECT_FALSE(database.backup_to(path("copy.db")));
    EXPECT_FALSE(std::filesystem::exists(path("copy.db")));
}

TEST_F(SqliteTest, MovedDatabaseKeepsItsStatementsAlive) {
    Database first = opened(path());
    auto select = first.prepare("SELECT 7");
    Database second = std::move(first);
    EXPECT_EQ(std::get<0>(**select->first<int>()), 7);
    EXPECT_TRUE(second.execute("SELECT 1"));
}

TEST_F(SqliteTest, BackupIsConsistentWhileAWriterIsBusy) {
    Database database = opened(path());
    execute(database, "CREATE TABLE t(a); INSERT INTO t VALUES(1), (2)");
    Database writer = opened(path());
    auto transaction = writer.begin();
    execute(writer, "INSERT INTO t VALUES(3)");
    auto copied = database.backup_to(path("copy.db"));
    ASSERT_TRUE(copied) << copied.error().message();
    EXPECT_FALSE(std::filesystem::exists(path("copy.db.partial")));
    Database copy = opened(path("copy.db"));
    EXPECT_TRUE(copy.integrity_check());
    EXPECT_EQ(number(copy, "SELECT count(*) FROM t"), 2);
}

TEST_F(SqliteTest, FailedBackupLeavesTheFormerOne) {
    Database database = opened(path());
    execute(database, "CREATE TABLE t(a)");
    ASSERT_TRUE(database.backup_to(path("copy.db")));
    const auto size = std::filesystem::file_size(path("copy.db"));
    std::filesystem::create_directory(path("copy.db.partial"));
    EXPECT_FALSE(database.backup_to(path("copy.db")));
    EXPECT_EQ(std::filesystem::file_size(path("copy.db")), size);
    EXPECT_FALSE(database.backup_to(path("no/such/directory.db")));
}

TEST_F(SqliteTest, ReadOnlyOpensWhatIsThereAndWritesNothing) {
    EXPECT_FALSE(Database::open(path(), {.read_only = true}));
    EXPECT_FALSE(std::filesystem::exists(path()));
    { execute(*std::make_unique<Database>(opened(path())), "CREATE TABLE t(a)"); }
    Database database = opened(path(), {.read_only = true});
    EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 0);
    EXPECT_TRUE(database.execute("INSERT INTO t VALUES(1)").error().is(SQLITE_READONLY));
}

} // namespace
} // namespace noa::sqlite
