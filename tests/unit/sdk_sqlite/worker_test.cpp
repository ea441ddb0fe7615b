#include "noa/sdk/sqlite_worker.hpp"

#include <gtest/gtest.h>

#include <array>
#include <semaphore>
#include <string>

#include "noa/sdk/sqlite_store.hpp"
#include "scratch.hpp"

namespace noa::sqlite {
namespace {

constexpr std::array migrations{Migration{1, "table", "CREATE TABLE t(value BLOB)", ""},
                                Migration{2, "no table", "DROP TABLE t", "", Phase::contract}};

struct Store {
    Database at;
    LogLength length;
    Database& database() { return at; }
    int log_frames() const { return length.frames(); }
};

class SqliteWorkerTest : public SqliteTest {
protected:
    void SetUp() override {
        auto database = open_store(path(), migrations);
        ASSERT_TRUE(database);
        auto length = LogLength::of(*database);
        ASSERT_TRUE(length);
        auto opened = StoreWorker<Store>::open({*std::move(database), *std::move(length)},
                                               [this] { rung.release(); });
        ASSERT_TRUE(opened);
        worker = *std::move(opened);
    }

    void commit(int bytes) {
        worker->commit(
            [this, bytes](Store& store) {
                auto put = store.at.prepare("INSERT INTO t VALUES(zeroblob(?))");
                ASSERT_TRUE(put);
                EXPECT_TRUE(put->run(bytes));
                frames = store.log_frames();
            },
            [this] { ++committed; });
    }
    // Of the store, or of the one that moves the log: each rings once for a job.
    void take_one() {
        rung.acquire();
        worker->take_done();
    }
    std::counting_semaphore<> rung{0};
    std::unique_ptr<StoreWorker<Store>> worker;
    int committed = 0;
    int frames = 0; // of the log, after the last of them
};

TEST_F(SqliteWorkerTest, MovesALongLogWhileCommitsGoOn) {
    commit(8 << 20);
    take_one();
    EXPECT_EQ(committed, 1);
    EXPECT_GT(frames, 2000) << "no commit moves it by itself";
    take_one(); // it is moved
    commit(1);
    take_one();
    EXPECT_EQ(committed, 2);
    EXPECT_LT(frames, 100) << "begun anew";
}

TEST_F(SqliteWorkerTest, FinishCommitsWhatIsLeftAndClosesTheStore) {
    commit(8 << 20);
    commit(1);
    worker->finish();
    worker->take_done();
    EXPECT_EQ(committed, 2);
    EXPECT_FALSE(ended_unclean(path()));
    worker->finish();
    worker->take_done();
}

TEST_F(SqliteWorkerTest, ConfirmAppliesWhatARollbackWouldHaveMissed) {
    std::string failure = "none";
    confirm_on(*worker, migrations, [&failure](const Error& error) { failure = error.message(); });
    worker->finish();
    worker->take_done();
    EXPECT_EQ(failure, "none");
    auto database = Database::open(path());
    ASSERT_TRUE(database);
    EXPECT_FALSE(database->execute("SELECT * FROM t"));
}

} // namespace
} // namespace noa::sqlite
