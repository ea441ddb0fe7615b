// An inbox goes from lane to lane under load: nothing lost, nothing out of order.
#include <array>
#include <atomic>
#include <cstring>
#include <deque>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

constexpr std::size_t senders = 4;
constexpr int swaps = 200;

struct Numbered {
    std::uint32_t sender = 0;
    std::uint32_t number = 0;
};

// What came of every message; one handler of all generations writes it, one lane at a time,
// and the thread that settles what was deferred.
class Ledger {
public:
    // True for what is to be deferred.
    bool note(const noa_message& message, const Numbered& body) {
        const std::lock_guard lock(mutex_);
        auto& first = first_[body.sender];
        if (message.attempt == 1) {
            out_of_order_ += body.number != first ? 1 : 0;
            first = body.number + 1;
            unflagged_ += (message.flags & NOA_MESSAGE_REDELIVERED) != 0 ? 1 : 0;
        } else {
            ++redelivered_;
            unflagged_ += (message.flags & NOA_MESSAGE_REDELIVERED) != 0 ? 0 : 1;
            unflagged_ += body.number < first ? 0 : 1; // seen before
        }
        return body.number % 8 == 0;
    }
    void settle(const Numbered& body) {
        const std::lock_guard lock(mutex_);
        auto& settled = settled_[body.sender];
        settled.resize(std::max<std::size_t>(settled.size(), body.number + 1));
        ++settled[body.number];
        ++count_;
    }
    void check(const std::array<std::uint32_t, senders>& sent) {
        const std::lock_guard lock(mutex_);
        EXPECT_EQ(out_of_order_, 0U);
        EXPECT_EQ(unflagged_, 0U);
        for (std::size_t sender = 0; sender < senders; ++sender) {
            EXPECT_EQ(first_[sender], sent[sender]);
            ASSERT_EQ(settled_[sender].size(), sent[sender]);
            EXPECT_EQ(std::count(settled_[sender].begin(), settled_[sender].end(), 1),
                      static_cast<std::ptrdiff_t>(sent[sender]))
                << "each settled exactly once";
        }
    }
    [[nodiscard]] std::uint64_t redelivered() {
        const std::lock_guard lock(mutex_);
        return redelivered_;
    }

private:
    std::mutex mutex_;
    std::array<std::uint32_t, senders> first_{};
    std::array<std::vector<std::uint8_t>, senders> settled_;
    std::uint64_t out_of_order_ = 0;
    std::uint64_t unflagged_ = 0;
    std::uint64_t redelivered_ = 0;
    std::uint64_t count_ = 0;
};

// Settles what the handlers deferred, on a thread of its own, as a plugin's worker would.
class Settler {
public:
    explicit Settler(Ledger& ledger) : ledger_(ledger), thread_([this] { run(); }) {}
    Settler(const Settler&) = delete;
    Settler& operator=(const Settler&) = delete;
    ~Settler() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    void add(Lane& lane, noa_delivery delivery, const Numbered& body) {
        {
            const std::lock_guard lock(mutex_);
            queue_.push_back({&lane, delivery, body});
        }
        changed_.notify_one();
    }

private:
    struct Job {
        Lane* lane = nullptr;
        noa_delivery delivery = 0;
        Numbered body;
    };
    void run() {
        std::unique_lock lock(mutex_);
        while (true) {
            changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) {
                return;
            }
            const auto job = queue_.front();
            queue_.pop_front();
            lock.unlock();
            if (job.lane->settle(job.delivery, NOA_OK, {}, 0) == NOA_OK) {
                ledger_.settle(job.body);
            }
            lock.lock();
        }
    }
    Ledger& ledger_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> queue_;
    bool stopping_ = false;
    std::thread thread_; // last: it uses the rest
};

class LaneSwapTest : public BusTest {
protected:
    // A new generation, its lane not attached yet.
    Agent& make_generation() {
        LaneOptions options;
        options.generation = static_cast<std::uint16_t>(generations_.size() + 1);
        options.max_revocations = 2 * swaps; // however slow the settling thread is
        auto agent = std::make_unique<Agent>(*bus_, "worker", options);
        auto& lane = agent->lane();
        agent->script.keeps_mail = false;
        agent->script.on_message = [this, &lane](const noa_message& message, noa_delivery delivery,
                                                 noa_error&) {
            Numbered body;
            std::memcpy(&body, message.body.data, sizeof body);
            if (ledger_.note(message, body)) {
                settler_.add(lane, delivery, body);
                return NOA_DEFERRED;
            }
            ledger_.settle(body);
            return NOA_OK;
        };
        generations_.push_back(std::move(agent));
        return *generations_.back();
    }
    void send_all(std::size_t sender, const std::atomic<bool>& stop) {
        Agent self(*bus_, "sender-" + std::to_string(sender));
        self.start();
        Numbered body{static_cast<std::uint32_t>(sender), 0};
        while (!stop) {
            char bytes[sizeof body];
            std::memcpy(bytes, &body, sizeof body);
            const auto status = self.send("worker", "op", {bytes, sizeof bytes});
            if (status == NOA_OK) {
                ++body.number;
            } else {
                ASSERT_EQ(status, NOA_E_BUSY);
                std::this_thread::yield();
            }
        }
        sent_[sender] = body.number;
    }

    Ledger ledger_;
    std::array<std::uint32_t, senders> sent_{};
    std::vector<std::unique_ptr<Agent>> generations_;
    Settler settler_{ledger_}; // ends first: it settles through the lanes
};

TEST_F(LaneSwapTest, two_hundred_swaps_at_full_speed_lose_nothing_and_keep_the_order) {
    auto* current = &make_generation();
    current->start();
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (std::size_t sender = 0; sender < senders; ++sender) {
        threads.emplace_back([this, sender, &stop] { send_all(sender, stop); });
    }
    for (int swap = 0; swap < swaps; ++swap) {
        auto& next = make_generation();
        current->detach();
        next.attach();
        // Ends the former one's lane, beside the new one that works.
        current->lane().join();
        current = &next;
    }
    stop = true;
    for (auto& thread : threads) {
        thread.join();
    }
    current->wait_until_empty();
    ledger_.check(sent_);
    EXPECT_EQ(current->inbox().counters().dead.get(), 0U);
    EXPECT_EQ(current->inbox().counters().redelivered.get(), ledger_.redelivered());
    RecordProperty("redelivered", std::to_string(ledger_.redelivered()));
}

} // namespace
} // namespace noa::bus::testing
