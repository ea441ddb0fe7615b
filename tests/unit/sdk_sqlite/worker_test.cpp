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
            [bytes](Store& store) {
                auto put = store.at.prepare("INSERT INTO t VALUES(zeroblob(?))");
                ASSERT_TRUE(put);
                EXPECT_TRUE(put->run(bytes));
            },
            [this] { ++committed; });
    }
    void wait_for(const int& count, int wanted) {
        while (count < wanted) {
            rung.acquire();
            worker->take_done();
        }
    }
    int frames() {
        int found = -1;
        int seen = 0;
        worker->run([&found](Store& store) { found = store.log_frames(); }, [&seen] { ++seen; });
        wait_for(seen, 1);
        return found;
    }

    std::counting_semaphore<> rung{0};
    std::unique_ptr<StoreWorker<Store>> worker;
    int committed = 0;
};

TEST_F(SqliteWorkerTest, MovesALongLogWhileCommitsGoOn) {
    commit(8 << 20);
    wait_for(committed, 1);
    EXPECT_GT(frames(), 2000) << "no commit moves it by itself";
    // It is moved by now, or after one of these: a commit begins it anew then.
    for (int at = 2; at < 200 && frames() > 2000; ++at) {
        commit(1);
        wait_for(committed, at);
    }
    EXPECT_LT(frames(), 2000);
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
