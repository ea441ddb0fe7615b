// Power cuts, broken files, full and forbidden disks.
#include <sys/resource.h>

#include <fstream>

#include "scratch.hpp"

namespace noa::sqlite {
namespace {

class SqliteDamageTest : public SqliteTest {
protected:
    void SetUp() override {
        SqliteTest::SetUp();
        Database database = opened(path());
        execute(database, "CREATE TABLE t(a INTEGER PRIMARY KEY, text TEXT)");
    }

    static bool insert(Database& database, int first, int last) {
        auto statement = database.prepare("INSERT INTO t VALUES(?, ?)");
        for (int i = first; statement && i <= last; ++i) {
            if (!statement->run(i, std::string(200, 'x'))) {
                return false;
            }
        }
        return bool(statement);
    }

    void write_at(const std::string& name, std::streamoff offset, const std::string& bytes) {
        std::fstream file(path(name), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(offset);
        file << bytes;
        ASSERT_TRUE(file.good());
    }
};

TEST_F(SqliteDamageTest, KilledInsideATransactionNothingOfItIsThere) {
    killed_at([&](const auto& now) {
        Database database = opened(path());
        auto transaction = database.begin();
        insert(database, 1, 5000); // more than the page cache: parts reach the WAL
        now();
    });
    Database database = opened(path());
    EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 0);
    EXPECT_TRUE(database.integrity_check());
}

TEST_F(SqliteDamageTest, KilledAfterCommitEverythingIsThere) {
    killed_at([&](const auto& now) {
        Database database = opened(path());
        auto transaction = database.begin();
        insert(database, 1, 100);
        if (transaction->commit()) {
            now();
        }
    });
    Database database = opened(path());
    EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 100);
}

TEST_F(SqliteDamageTest, WalCutAtAnyLengthLeavesAPrefixOfTheCommits) {
    killed_at([&](const auto& now) {
        Database database = opened(path());
        for (int i = 1; i <= 20; ++i) {
            insert(database, i, i);
        }
        now();
    });
    const auto size = std::filesystem::file_size(path("test.db-wal"));
    ASSERT_GT(size, 20U * 4096U);
    std::int64_t last = 21;
    for (auto cut = size; cut > 1000; cut -= 1000) {
        const std::string copy = path("cut.db");
        std::filesystem::remove(copy + "-shm");
        std::filesystem::copy_file(path(), copy, std::filesystem::copy_options::overwrite_existing);
        std::filesystem::copy_file(path("test.db-wal"), copy + "-wal",
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::resize_file(copy + "-wal", cut);
        Database database = opened(copy);
        EXPECT_TRUE(database.integrity_check());
        const std::int64_t count = number(database, "SELECT count(*) FROM t");
        EXPECT_EQ(count, number(database, "SELECT coalesce(max(a), 0) FROM t"));
        EXPECT_LE(count, last);
        last = count;
    }
    EXPECT_EQ(last, 0);
}

TEST_F(SqliteDamageTest, TornWalTailIsIgnored) {
    killed_at([&](const auto& now) {
        Database database = opened(path());
        insert(database, 1, 10);
        now();
    });
    const auto size = std::filesystem::file_size(path("test.db-wal"));
    write_at("test.db-wal", static_cast<std::streamoff>(size - 2000), std::string(2000, '\x5a'));
    Database database = opened(path());
    EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 9);
    EXPECT_TRUE(database.integrity_check());
}

TEST_F(SqliteDamageTest, FileThatIsNoDatabaseIsRefusedAtOpen) {
    std::ofstream(path("text.db")) << std::string(8192, 'x');
    auto database = Database::open(path("text.db"));
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().code, SQLITE_NOTADB);
    EXPECT_EQ(database.error().context, path("text.db"));
    EXPECT_EQ(std::filesystem::file_size(path("text.db")), 8192U);
    EXPECT_FALSE(Database::open(path("text.db"), {.read_only = true}));
}

TEST_F(SqliteDamageTest, OverwrittenPageIsFoundByTheIntegrityCheck) {
    {
        Database database = opened(path());
        ASSERT_TRUE(insert(database, 1, 500));
    }
    write_at("test.db", 5L * 4096, std::string(4096, '\x7f'));
    Database database = opened(path());
    auto checked = database.integrity_check();
    ASSERT_FALSE(checked);
    EXPECT_TRUE(checked.error().is(SQLITE_CORRUPT));
    EXPECT_FALSE(checked.error().text.empty());
}

TEST_F(SqliteDamageTest, DirectoryWithoutWritePermissionIsAnErrorWithThePath) {
    const std::string closed = path("closed");
    std::filesystem::create_directory(closed);
    std::filesystem::permissions(closed, std::filesystem::perms(0555));
    std::filesystem::permissions(directory_, std::filesystem::perms(0755));
    // The superuser may write everywhere: become nobody.
    EXPECT_EQ(in_child([&] {
                  if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) {
                      return 2;
                  }
                  auto database = Database::open(closed + "/new.db");
                  return !database && database.error().is(SQLITE_CANTOPEN) &&
                                 database.error().context == closed + "/new.db"
                             ? 0
                             : 1;
              }),
              0);
    EXPECT_TRUE(std::filesystem::is_empty(closed));
}

TEST_F(SqliteDamageTest, FullDiskUndoesTheTransactionAndTheNextOneWorks) {
    {
        Database database = opened(path());
        ASSERT_TRUE(insert(database, 1, 10));
    }
    EXPECT_EQ(in_child([&] {
                  std::signal(SIGXFSZ, SIG_IGN);
                  const rlimit limit{256UL * 1024, RLIM_INFINITY};
                  Database database = opened(path());
                  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
                      return 2;
                  }
                  auto transaction = database.begin();
                  if (!transaction || insert(database, 11, 20000)) {
                      return 3;
                  }
                  transaction->rollback();
                  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
                  if (::setrlimit(RLIMIT_FSIZE, &none) != 0) {
                      return 2;
                  }
                  return insert(database, 11, 11) ? 0 : 4;
              }),
              0);
    Database database = opened(path());
    EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 11);
    EXPECT_TRUE(database.integrity_check());
}

} // namespace
} // namespace noa::sqlite
