// A store as a backup restores it.
#include <fstream>

#include "noa/sdk/sqlite_store.hpp"
#include "scratch.hpp"

namespace noa::sqlite {
namespace {

constexpr Migration known[] = {{1, "one", "CREATE TABLE one(x TEXT) STRICT", "DROP TABLE one"}};

class SqliteCheckTest : public SqliteTest {
protected:
    [[nodiscard]] std::string fault() const {
        const auto whole = check_store(path(), known, {});
        return whole ? "" : whole.error().text;
    }
    void change(std::string_view sql) const {
        Database store = opened(path());
        execute(store, sql);
    }
};

TEST_F(SqliteCheckTest, AStoreOfThisProgramOrAnOlderOneIsGood) {
    ASSERT_TRUE(open_store(path(), known));
    EXPECT_EQ(fault(), "");
    change("DELETE FROM schema_migrations");
    EXPECT_EQ(fault(), "");
    change("INSERT INTO schema_migrations VALUES (1, 'one', '', 'other', 1)");
    EXPECT_NE(fault().find("was changed after it was applied"), std::string::npos) << fault();
}

TEST_F(SqliteCheckTest, WhatIsNotThereOrOfAnotherKindIsBad) {
    EXPECT_NE(fault().find("unable to open"), std::string::npos) << fault();
    std::ofstream(path()) << std::string(5000, 'x');
    EXPECT_NE(fault().find("not a database"), std::string::npos) << fault();
    std::filesystem::remove(path());
    change("CREATE TABLE other(x)");
    EXPECT_NE(fault().find("no store of an agent"), std::string::npos) << fault();
}

TEST_F(SqliteCheckTest, OneThatANewerProgramContractedIsBadAndNothingIsApplied) {
    ASSERT_TRUE(open_store(path(), known));
    change("INSERT INTO schema_migrations VALUES (2, 'two', '', '', 1)");
    EXPECT_EQ(fault(), "");
    change("INSERT INTO schema_migrations VALUES (3, 'three', '', '', 0)");
    EXPECT_NE(fault().find("contracted by a newer program"), std::string::npos) << fault();
    Database store = opened(path());
    EXPECT_EQ(number(store, "SELECT count(*) FROM schema_migrations"), 3);
}

TEST_F(SqliteCheckTest, APageThatIsDamagedIsFound) {
    {
        auto store = open_store(path(), known);
        ASSERT_TRUE(store);
        for (int turn = 0; turn < 200; ++turn) {
            execute(*store, "INSERT INTO one VALUES (hex(randomblob(500)))");
        }
    }
    EXPECT_EQ(fault(), "");
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(std::streamoff{5} * 4096);
    file << std::string(64, 'x');
    file.close();
    EXPECT_NE(fault(), "");
}

TEST_F(SqliteCheckTest, ItEndsWhenItIsToldTo) {
    ASSERT_TRUE(open_store(path(), known));
    change("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
           "INSERT INTO one SELECT hex(randomblob(50)) FROM n");
    std::stop_source stop;
    stop.request_stop();
    const auto whole = check_store(path(), known, stop.get_token());
    ASSERT_FALSE(whole);
    EXPECT_NE(whole.error().text.find("interrupted"), std::string::npos) << whole.error().text;
}

} // namespace
} // namespace noa::sqlite
