// An ordered inbox under everything at once.
#include <array>
#include <atomic>
#include <deque>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

// Every message by every thread and every outcome, and the inbox handed on all the while.
class OrderedStormTest : public BusTest {
protected:
    static constexpr std::size_t senders = 20;
    static constexpr std::uint32_t each = 400;

    // True while it may go on: the next of its sender, or the one before again.
    void note(std::size_t sender, std::uint32_t number, bool redelivered) {
        const std::lock_guard lock(mutex_);
        auto& last = last_[sender];
        if (number != last) {
            disorder_ += number == last + 1 && !redelivered && !open_[sender] ? 0 : 1;
            last = number;
        } else {
            disorder_ += redelivered ? 0 : 1;
        }
        open_[sender] = true;
    }
    void note_settled(std::size_t sender) {
        const std::lock_guard lock(mutex_);
        open_[sender] = false;
        ++settled_;
    }

    struct Job {
        Lane* lane = nullptr;
        noa_delivery delivery = 0;
        std::size_t sender = 0;
        bool retry = false;
    };
    void work_on(std::atomic<bool>& stop) {
        while (!stop) {
            Job job;
            {
                const std::lock_guard lock(jobs_mutex_);
                if (!jobs_.empty()) {
                    job = jobs_.front();
                    jobs_.pop_front();
                }
            }
            if (job.lane == nullptr) {
                std::this_thread::yield();
            } else if (job.retry) {
                static_cast<void>(job.lane->settle(job.delivery, NOA_E_RETRY, {}, 1));
            } else {
                settle(job);
            }
        }
    }
    // Noted first: the next one may be there before settle returns.
    void settle(const Job& job) {
        const std::lock_guard lock(mutex_);
        open_[job.sender] = false;
        const bool first = job.lane->settle(job.delivery, NOA_OK, {}, 0) == NOA_OK;
        settled_ += first ? 1 : 0;
    }

    std::unique_ptr<Agent> make_generation(std::uint16_t generation) {
        LaneOptions options;
        options.ordered = true;
        options.generation = generation;
        options.max_deliveries = 1'000'000;
        options.max_revocations = each;
        auto agent = std::make_unique<Agent>(*bus_, "worker", options);
        auto& lane = agent->lane();
        agent->script.keeps_mail = false;
        agent->script.on_message = [this, &lane](const noa_message& message, noa_delivery delivery,
                                                 noa_error&) -> noa_status {
            const auto number = static_cast<std::uint32_t>(std::stoul(text_of(message.body)));
            const auto sender = std::stoul(std::string(view(message.from).substr(1)));
            note(sender, number, (message.flags & NOA_MESSAGE_REDELIVERED) != 0);
            switch ((number + message.attempt) % 4) {
            case 0: note_settled(sender); return NOA_OK;
            case 1: return NOA_E_RETRY;
            default: break;
            }
            const std::lock_guard lock(jobs_mutex_);
            jobs_.push_back({&lane, delivery, sender, number % 5 == 0 && message.attempt < 3});
            return NOA_DEFERRED;
        };
        return agent;
    }

    std::mutex mutex_;
    std::array<std::uint32_t, senders> last_{};
    std::array<bool, senders> open_{};
    std::size_t disorder_ = 0;
    std::size_t settled_ = 0;
    std::mutex jobs_mutex_;
    std::deque<Job> jobs_;
};

TEST_F(OrderedStormTest, many_senders_keep_their_order_whatever_becomes_of_their_messages) {
    std::vector<std::unique_ptr<Agent>> generations;
    generations.push_back(make_generation(1));
    generations.back()->inbox().set_limit(senders * each);
    generations.back()->start();
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    threads.emplace_back([&] { work_on(stop); });
    threads.emplace_back([&] { work_on(stop); });
    std::vector<std::unique_ptr<Agent>> askers;
    for (std::size_t i = 0; i < senders; ++i) {
        askers.push_back(std::make_unique<Agent>(*bus_, "s" + std::to_string(i)));
        askers.back()->start();
    }
    for (std::uint32_t number = 1; number <= each; ++number) {
        for (auto& asker : askers) {
            ASSERT_EQ(asker->send("worker", "op", std::to_string(number)), NOA_OK);
        }
        if (number % 20 == 0) {
            auto next = make_generation(static_cast<std::uint16_t>(generations.size() + 1));
            generations.back()->detach();
            next->attach();
            generations.push_back(std::move(next));
        }
    }
    generations.back()->wait_until_empty();
    stop = true;
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(disorder_, 0U);
    EXPECT_EQ(settled_, std::size_t{senders} * each);
    EXPECT_EQ(generations.back()->inbox().counters().dead.get(), 0U);
    for (const auto last : last_) {
        EXPECT_EQ(last, each);
    }
}

} // namespace
} // namespace noa::bus::testing
