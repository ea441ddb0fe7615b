// The arena of an agent, from generation to generation.
#include "noa/sdk/arena.hpp"

#include <map>

#include "test_agent.hpp"

namespace noa::test {
namespace {

using Condition = noa::Arena::Condition;

constexpr std::uint64_t layout = 7;
constexpr std::uint64_t size = std::uint64_t{64} * 1024;

struct Root {
    std::uint64_t count;
    noa::Offset<std::uint32_t> numbers;
};

struct Keeper {
    noa::Arena arena;
    noa::Arena::Found found;
    bool fails = false;
    bool closes = true;

    noa::Status start() {
        const auto opened = arena.open(layout, size);
        if (!opened) {
            return opened.error();
        }
        found = *opened;
        return fails ? noa::failed("on purpose") : noa::Status();
    }
    noa::Status quiesce() { return closes ? arena.close() : noa::Status(); }
    [[nodiscard]] Root& root() const { return *arena.root<Root>(); }
};

class Arena : public Scene {
protected:
    Arena() {
        GTEST_FLAG_SET(death_test_style, "threadsafe");
        plan.setup = [this](TestAgent& made, noa::Setup& setup) {
            of_[&made] = keeper_;
            setup.use(keeper_->arena);
        };
        plan.start = [this](TestAgent& started) { return of_.at(&started)->start(); };
        plan.quiesce = [this](TestAgent& quiet) { return of_.at(&quiet)->quiesce(); };
    }

public:
    ~Arena() override { agent.destroy(); }

protected:
    // The first generation, which has put something down.
    void run_first() {
        ASSERT_TRUE(agent.run());
        first_.root().count = 1;
        const std::uint32_t& number = *first_.arena.at(noa::Offset<std::uint32_t>{1024});
        first_.root().numbers = first_.arena.offset_of(number);
        *first_.arena.at(first_.root().numbers) = 41;
        keeper_ = &second_;
    }

    Keeper first_;
    Keeper second_;
    Keeper* keeper_ = &first_; // of the agent that is made next
    std::map<TestAgent*, Keeper*> of_;
};

TEST_F(Arena, IsFoundAsItWasLeftAndElsewhere) {
    run_first();
    EXPECT_EQ(first_.found.condition, Condition::fresh);
    EXPECT_FALSE(first_.found.holds(layout));
    const auto* before = first_.arena.bytes().data();
    Harness next(&sdk::plugin_table<TestAgent>);
    ASSERT_TRUE(next.run_after(agent));
    EXPECT_FALSE(first_.arena.is_open());
    EXPECT_TRUE(second_.found.holds(layout));
    EXPECT_FALSE(second_.found.holds(layout + 1));
    EXPECT_EQ(second_.found.epoch, 2U);
    EXPECT_NE(second_.arena.bytes().data(), before);
    EXPECT_EQ(*second_.arena.at(second_.root().numbers), 41U);
    second_.root().count = 2;
    ASSERT_TRUE(agent.swap_back(next));
    EXPECT_EQ(first_.root().count, 2U);
    next.destroy();
    EXPECT_THAT(next.violations(), ::testing::IsEmpty());
}

TEST_F(Arena, IsThereAgainWhenTheNextGenerationDoesNotStart) {
    run_first();
    second_.fails = true;
    Harness next(&sdk::plugin_table<TestAgent>);
    EXPECT_FALSE(next.run_after(agent));
    next.destroy();
    ASSERT_TRUE(agent.start());
    EXPECT_TRUE(first_.found.holds(layout));
    EXPECT_EQ(*first_.arena.at(first_.root().numbers), 41U);
}

TEST_F(Arena, IsDirtyAfterACrash) {
    run_first();
    agent.host().arena->unmap();
    second_.fails = true;
    Harness next(&sdk::plugin_table<TestAgent>);
    next.host().arena = agent.host().arena;
    EXPECT_FALSE(next.run());
    EXPECT_EQ(second_.found.condition, Condition::dirty);
    EXPECT_EQ(agent.host().arena->condition(), std::uint32_t{NOA_ARENA_FRESH}) << "forgotten";
    first_.arena.quiet();
}

TEST_F(Arena, BegunAnewIsFreshAndThereAgainWhenStartFails) {
    run_first();
    plan.start = [this](TestAgent&) {
        const auto found = second_.arena.open(layout + 1, size);
        EXPECT_FALSE(found->holds(layout + 1));
        const auto fresh = second_.arena.begin_anew(layout + 1, size);
        EXPECT_EQ(fresh->condition, Condition::fresh);
        second_.root().count = 5;
        return noa::Status(noa::failed("on purpose"));
    };
    Harness next(&sdk::plugin_table<TestAgent>);
    EXPECT_FALSE(next.run_after(agent));
    next.destroy();
    plan.start = [this](TestAgent&) { return first_.start(); };
    ASSERT_TRUE(agent.start());
    EXPECT_TRUE(first_.found.holds(layout));
    EXPECT_EQ(first_.root().count, 1U);
}

TEST_F(Arena, MovesWhenItGrowsAndWhatIsKeptOfItFaults) {
    run_first();
    auto* stale = &first_.root();
    ASSERT_TRUE(first_.arena.grow(2 * size));
    EXPECT_EQ(first_.arena.bytes().size(), 2 * size);
    EXPECT_EQ(first_.root().count, 1U);
    EXPECT_DEATH(stale->count = 2, "");
    stale = &first_.root();
    ASSERT_TRUE(first_.arena.release(0, 4096));
    EXPECT_EQ(first_.root().count, 0U);
    ASSERT_TRUE(agent.quiesce());
    EXPECT_DEATH(stale->count = 2, "");
}

TEST_F(Arena, IsReadOnlyUntilStartHasReturned) {
    run_first();
    plan.start = [this](TestAgent&) {
        auto status = second_.start();
        EXPECT_DEATH(second_.root().count = 2, "");
        return status;
    };
    Harness next(&sdk::plugin_table<TestAgent>);
    ASSERT_TRUE(next.run_after(agent));
    second_.root().count = 2;
    next.destroy();
}

TEST_F(Arena, StaysOpenWhenQuiesceFails) {
    run_first();
    first_.closes = false;
    plan.quiesce = [](TestAgent&) { return noa::Status(noa::failed("not now")); };
    EXPECT_FALSE(agent.quiesce());
    ASSERT_TRUE(agent.start());
    EXPECT_EQ(first_.found.condition, Condition::open);
    EXPECT_TRUE(first_.found.holds(layout));
    EXPECT_EQ(first_.root().count, 1U);
}

TEST_F(Arena, ChecksWhatAnOffsetSays) {
    run_first();
    const auto& arena = first_.arena;
    using Number = noa::Offset<std::uint32_t>;
    EXPECT_EQ(arena.at(Number{0}), nullptr);
    EXPECT_EQ(arena.at(Number{2}), nullptr);
    EXPECT_EQ(arena.at(Number{size}), nullptr);
    EXPECT_EQ(arena.at(Number{UINT64_MAX - 3}), nullptr);
    EXPECT_NE(arena.at(Number{size - 4}), nullptr);
    EXPECT_EQ(arena.at(Number{size - 8}, 2).size(), 2U);
    EXPECT_TRUE(arena.at(Number{size - 8}, 3).empty());
    EXPECT_TRUE(arena.at(Number{4}, UINT64_MAX / 2).empty());
    ASSERT_TRUE(agent.quiesce());
    EXPECT_EQ(arena.root<Root>(), nullptr);
}

TEST_F(Arena, MayNotBeOfferedOrNotBeSoLarge) {
    agent.host().arena->limit = size / 2;
    const auto outcome = agent.run();
    EXPECT_EQ(outcome.status, NOA_E_TOO_LARGE);
    EXPECT_EQ(outcome.text, "open the arena: too large");
    Harness without(&sdk::plugin_table<TestAgent>);
    without.host().has_arena = false;
    keeper_ = &second_;
    EXPECT_EQ(without.run().status, NOA_E_UNSUPPORTED);
    EXPECT_FALSE(second_.arena.is_offered());
}

} // namespace
} // namespace noa::test
