#include "noa/sdk/worker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <semaphore>
#include <string>

namespace noa::test {
namespace {

using ::testing::ElementsAre;

// What a thread owns, and who saw it go.
struct Ledger {
    std::unique_ptr<std::string> text;
    std::thread::id* gone_on;
    ~Ledger() {
        if (text) {
            *gone_on = std::this_thread::get_id();
        }
    }
    Ledger(std::string begin, std::thread::id& gone)
        : text(new std::string(std::move(begin))), gone_on(&gone) {}
    Ledger(Ledger&&) = default;
    Ledger& operator=(Ledger&&) = default;
};

class WorkerTest : public ::testing::Test {
protected:
    std::thread::id gone;
    std::counting_semaphore<> rung{0};
    noa::Worker<Ledger> worker{Ledger("", gone), [this] { rung.release(); }};
    std::vector<std::string> seen;

    void write(const std::string& word) {
        auto place = std::make_unique<std::string>();
        std::string* text = place.get();
        worker.run(
            [text, word](Ledger& ledger) {
                ledger.text->append(word);
                *text = *ledger.text;
            },
            [this, place = std::move(place)] { seen.push_back(*place); });
    }
    void take() {
        for (auto& done : worker.take_done()) {
            done();
        }
    }
};

TEST_F(WorkerTest, RunsJobsInOrderAndHandsTheirEndsBack) {
    write("a");
    write("b");
    while (seen.size() < 2) {
        rung.acquire();
        take();
    }
    EXPECT_THAT(seen, ElementsAre("a", "ab"));
}

TEST_F(WorkerTest, RingsOnceForWhatIsTakenAtOnce) {
    std::binary_semaphore go{0};
    worker.run([&](Ledger&) { go.acquire(); }, [] {});
    for (const char* word : {"a", "b", "c"}) {
        write(word);
    }
    go.release();
    worker.finish();
    take();
    EXPECT_THAT(seen, ElementsAre("a", "ab", "abc"));
    EXPECT_TRUE(rung.try_acquire());
    EXPECT_FALSE(rung.try_acquire());
}

TEST_F(WorkerTest, FinishRunsWhatIsLeftAndGivesUpWhatIsOwned) {
    write("a");
    write("b");
    worker.finish();
    EXPECT_EQ(gone, std::this_thread::get_id());
    take();
    EXPECT_THAT(seen, ElementsAre("a", "ab"));
    worker.finish();
    EXPECT_TRUE(worker.take_done().empty());
}

} // namespace
} // namespace noa::test
