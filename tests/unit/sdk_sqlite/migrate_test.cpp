#include "scratch.hpp"

namespace noa::sqlite {
namespace {

const Migration make_entries{1, "entries",
                             "CREATE TABLE entries(key TEXT PRIMARY KEY, value TEXT) STRICT",
                             "DROP TABLE entries"};
const Migration add_expiry{2, "expiry", "ALTER TABLE entries ADD COLUMN expires INTEGER",
                           "ALTER TABLE entries DROP COLUMN expires"};
const Migration drop_value{3, "no value", "ALTER TABLE entries DROP COLUMN value",
                           "ALTER TABLE entries ADD COLUMN value TEXT", Phase::contract};
const Migration add_index{4, "index", "CREATE INDEX by_expiry ON entries(expires)",
                          "DROP INDEX by_expiry"};

class SqliteMigrateTest : public SqliteTest {
protected:
    using List = std::vector<Migration>;

    static int count(Result<int> outcome) {
        EXPECT_TRUE(outcome) << outcome.error().message();
        return outcome ? *outcome : -1;
    }

    std::vector<std::int64_t> applied() {
        std::vector<std::int64_t> versions;
        auto rows = migrations_applied(database_);
        EXPECT_TRUE(rows);
        for (const AppliedMigration& row : *rows) {
            versions.push_back(row.version);
        }
        return versions;
    }

    using Versions = std::vector<std::int64_t>;
    Database database_ = opened(path());
};

TEST_F(SqliteMigrateTest, UpAppliesInOrderOnce) {
    const List known{make_entries, add_expiry};
    EXPECT_EQ(count(migrate_up(database_, known)), 2);
    EXPECT_EQ(count(migrate_up(database_, known)), 0);
    auto rows = migrations_applied(database_);
    ASSERT_EQ(rows->size(), 2U);
    EXPECT_EQ((*rows)[0].name, "entries");
    EXPECT_EQ((*rows)[0].checksum.size(), 16U);
    EXPECT_EQ((*rows)[0].applied_at.size(), std::string("2026-01-01T00:00:00.000Z").size());
    EXPECT_TRUE((*rows)[0].expand_only);
}

TEST_F(SqliteMigrateTest, DownUndoesNewestFirstAndUpAgainWorks) {
    const List known{make_entries, add_expiry};
    EXPECT_EQ(count(migrate_up(database_, known)), 2);
    EXPECT_EQ(count(migrate_down(database_, known, 0)), 2);
    EXPECT_EQ(applied(), Versions{});
    EXPECT_EQ(number(database_, "SELECT count(*) FROM sqlite_schema WHERE name='entries'"), 0);
    EXPECT_EQ(count(migrate_up(database_, known)), 2);
}

TEST_F(SqliteMigrateTest, ContractingWaitsForConfirm) {
    const List known{make_entries, add_expiry, drop_value, add_index};
    EXPECT_EQ(count(migrate_up(database_, known)), 3);
    EXPECT_EQ(applied(), (Versions{1, 2, 4}));
    EXPECT_TRUE(database_.prepare("SELECT value FROM entries"));
    EXPECT_EQ(migrations_pending(database_, known)->size(), 1U);
    EXPECT_EQ(count(migrate_confirm(database_, known)), 1);
    EXPECT_EQ(applied(), (Versions{1, 2, 3, 4}));
    EXPECT_FALSE(database_.prepare("SELECT value FROM entries"));
    EXPECT_EQ(count(migrate_down(database_, known, 2)), 2);
    EXPECT_TRUE(database_.prepare("SELECT value FROM entries"));
}

TEST_F(SqliteMigrateTest, OlderProgramRunsOnAnExpandedSchemaConfirmedOrNot) {
    const List older{make_entries};
    const List newer{make_entries, add_expiry};
    EXPECT_EQ(count(migrate_up(database_, newer)), 2);
    EXPECT_EQ(count(migrate_up(database_, older)), 0);
    EXPECT_EQ(count(migrate_confirm(database_, newer)), 0);
    EXPECT_EQ(count(migrate_up(database_, older)), 0);
    EXPECT_EQ(count(migrate_confirm(database_, older)), 0);
    execute(database_, "INSERT INTO entries(key, value) VALUES('k', 'v')");
    EXPECT_EQ(applied(), (Versions{1, 2}));
}

TEST_F(SqliteMigrateTest, OlderProgramRunsOnWhatIsNotContractedYet) {
    const List older{make_entries};
    const List newer{make_entries, add_expiry, drop_value, add_index};
    EXPECT_EQ(count(migrate_up(database_, newer)), 3);
    EXPECT_EQ(count(migrate_up(database_, older)), 0);
    EXPECT_EQ(count(migrate_confirm(database_, newer)), 1);
    auto refused = migrate_up(database_, older);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, SQLITE_SCHEMA);
    EXPECT_EQ(refused.error().text,
              "the schema was contracted by a newer program: migration 3 (no value) is applied, 1 "
              "is the newest known; migrate down with the newer program first, or restore a "
              "backup");
    EXPECT_EQ(refused.error().context, path());
    EXPECT_FALSE(migrate_confirm(database_, older));
    EXPECT_FALSE(migrate_down(database_, older, 0));
    EXPECT_EQ(applied(), (Versions{1, 2, 3, 4}));
    EXPECT_EQ(count(migrate_down(database_, newer, 2)), 2);
    EXPECT_EQ(count(migrate_up(database_, older)), 0) << "the way back is open again";
}

TEST_F(SqliteMigrateTest, PhasesAreRecorded) {
    EXPECT_EQ(count(migrate_confirm(database_, List{make_entries, add_expiry, drop_value})), 3);
    auto rows = migrations_applied(database_);
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_TRUE((*rows)[1].expand_only);
    EXPECT_FALSE((*rows)[2].expand_only);
}

TEST_F(SqliteMigrateTest, ChangedMigrationIsRefusedWithBothChecksums) {
    EXPECT_EQ(count(migrate_up(database_, List{make_entries})), 1);
    Migration changed = make_entries;
    changed.up = "CREATE TABLE entries(key TEXT)";
    auto refused = migrate_up(database_, List{changed, add_expiry});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("migration 1 (entries) was changed after it was applied"),
              std::string::npos);
    EXPECT_NE(refused.error().text.find(detail::checksum_of(changed.up)), std::string::npos);
    EXPECT_EQ(applied(), Versions{1});
}

TEST_F(SqliteMigrateTest, FailedMigrationLeavesNothingOfItselfAndKeepsThoseBefore) {
    const Migration broken{2, "broken", "CREATE TABLE half(a); INSERT INTO nowhere VALUES(1)", ""};
    auto failed = migrate_up(database_, List{make_entries, broken});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().text, "migration 2 (broken): no such table: nowhere");
    EXPECT_EQ(applied(), Versions{1});
    EXPECT_EQ(number(database_, "SELECT count(*) FROM sqlite_schema WHERE name='half'"), 0);
}

TEST_F(SqliteMigrateTest, MigrationCannotEndItsTransaction) {
    const Migration sneaky{1, "sneaky", "CREATE TABLE half(a); COMMIT; CREATE TABLE rest(a)", ""};
    auto failed = migrate_up(database_, List{sneaky});
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().is(SQLITE_AUTH));
    EXPECT_EQ(number(database_, "SELECT count(*) FROM sqlite_schema WHERE name='half'"), 0);
    EXPECT_TRUE(database_.begin());
}

TEST_F(SqliteMigrateTest, ForeignKeyBrokenByAMigrationUndoesIt) {
    execute(database_, "CREATE TABLE parent(id INTEGER PRIMARY KEY);"
                       "CREATE TABLE child(parent REFERENCES parent(id));"
                       "INSERT INTO parent VALUES(1); INSERT INTO child VALUES(1)");
    auto failed = migrate_up(database_, List{{1, "orphans", "DELETE FROM parent", ""}});
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().is(SQLITE_CONSTRAINT));
    EXPECT_EQ(number(database_, "SELECT count(*) FROM parent"), 1);
}

TEST_F(SqliteMigrateTest, DownWithoutAWayBackUndoesNothing) {
    const List known{make_entries, {2, "one way", "CREATE TABLE other(a)", ""}, add_expiry};
    List numbered = known;
    numbered[2].version = 3;
    EXPECT_EQ(count(migrate_up(database_, numbered)), 3);
    auto refused = migrate_down(database_, numbered, 0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "migration 2 (one way) cannot be undone: no down");
    EXPECT_EQ(applied(), (Versions{1, 2, 3}));
}

TEST_F(SqliteMigrateTest, UnsoundListIsRefused) {
    EXPECT_FALSE(migrate_up(database_, List{add_expiry, make_entries}));
    EXPECT_FALSE(migrate_up(database_, List{make_entries, make_entries}));
    EXPECT_FALSE(migrate_up(database_, List{{0, "zero", "SELECT 1", ""}}));
    EXPECT_FALSE(migrate_up(database_, List{{1, "", "SELECT 1", ""}}));
}

// kill -9 at the first statement of the migration that calls here().
class SqliteMigrateKilledTest : public SqliteMigrateTest {
protected:
    static void define_here(Database& database, const std::function<void()>& here) {
        ASSERT_EQ(
            sqlite3_create_function(
                database.handle(), "here", 0, SQLITE_UTF8,
                const_cast<std::function<void()>*>(&here),
                [](sqlite3_context* context, int, sqlite3_value**) {
                    (*static_cast<const std::function<void()>*>(sqlite3_user_data(context)))();
                    sqlite3_result_null(context);
                },
                nullptr, nullptr),
            SQLITE_OK);
    }
    // `migrate` runs in a child that dies there.
    void killed(const std::function<Result<int>(Database&)>& migrate) {
        killed_at([&](const std::function<void()>& now) {
            Database database = opened(path());
            define_here(database, now);
            static_cast<void>(migrate(database));
        });
    }
    SqliteMigrateKilledTest() { define_here(database_, nothing_); }

    const std::function<void()> nothing_ = [] {};
    const Migration deadly_expansion{3, "deadly",
                                     "ALTER TABLE entries ADD COLUMN owner TEXT; SELECT here()",
                                     "ALTER TABLE entries DROP COLUMN owner"};
    const Migration deadly_contraction{5, "deadly", "DROP INDEX by_expiry; SELECT here()", "",
                                       Phase::contract};
};

TEST_F(SqliteMigrateKilledTest, InAnExpansionTheStepsBeforeStandAndTheRestFollows) {
    const List known{make_entries, add_expiry, deadly_expansion, add_index};
    killed([&](Database& database) { return migrate_up(database, known); });
    EXPECT_EQ(applied(), (Versions{1, 2}));
    EXPECT_FALSE(database_.prepare("SELECT owner FROM entries")) << "nothing of it is left";
    EXPECT_EQ(count(migrate_up(database_, List{make_entries})), 0) << "the way back is open";
    EXPECT_EQ(count(migrate_up(database_, known)), 2);
    EXPECT_EQ(applied(), (Versions{1, 2, 3, 4}));
    EXPECT_TRUE(database_.integrity_check());
}

TEST_F(SqliteMigrateKilledTest, InAContractionTheNextConfirmGoesOnAndOlderProgramsAreRefused) {
    const List known{make_entries, add_expiry, drop_value, add_index, deadly_contraction};
    EXPECT_EQ(count(migrate_up(database_, known)), 3);
    killed([&](Database& database) { return migrate_confirm(database, known); });
    EXPECT_EQ(applied(), (Versions{1, 2, 3, 4})) << "3 is done, 5 is not";
    EXPECT_EQ(number(database_, "SELECT count(*) FROM sqlite_schema WHERE name='by_expiry'"), 1);
    EXPECT_FALSE(migrate_up(database_, List{make_entries, add_expiry}));
    EXPECT_EQ(count(migrate_up(database_, known)), 0) << "start does not contract";
    EXPECT_EQ(count(migrate_confirm(database_, known)), 1);
    EXPECT_EQ(applied(), (Versions{1, 2, 3, 4, 5}));
    EXPECT_TRUE(database_.integrity_check());
}

TEST_F(SqliteMigrateKilledTest, BeforeTheFirstContractionCommitsOlderProgramsStillRun) {
    const List known{make_entries, add_expiry, add_index, deadly_contraction};
    List numbered = known;
    numbered[2].version = 4;
    EXPECT_EQ(count(migrate_up(database_, numbered)), 3);
    killed([&](Database& database) { return migrate_confirm(database, numbered); });
    EXPECT_EQ(count(migrate_up(database_, List{make_entries})), 0);
    EXPECT_EQ(count(migrate_confirm(database_, numbered)), 1);
    EXPECT_FALSE(migrate_up(database_, List{make_entries}));
}

} // namespace
} // namespace noa::sqlite
