#include "bus/route_table.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace noa::bus {
namespace {

std::string name_of(std::size_t number) {
    return "agent-" + std::to_string(number);
}

TEST(RouteTable, finds_each_of_a_thousand_agents_by_name_and_by_address) {
    RouteTable table;
    for (std::size_t i = 0; i < 1000; ++i) {
        ASSERT_NE(table.resolve(name_of(i)), nullptr);
    }
    for (std::size_t i = 0; i < 1000; ++i) {
        Endpoint* endpoint = table.find(name_of(i));
        ASSERT_NE(endpoint, nullptr) << i;
        EXPECT_EQ(endpoint->name(), name_of(i));
        EXPECT_EQ(table.at(endpoint->address()), endpoint);
        EXPECT_EQ(table.resolve(name_of(i)), endpoint);
    }
    EXPECT_EQ(table.find("agent-1000"), nullptr);
}

TEST(RouteTable, a_full_table_refuses_new_names_and_keeps_the_old_ones) {
    RouteTable table;
    for (std::size_t i = 0; i < RouteTable::max_names; ++i) {
        ASSERT_NE(table.resolve(name_of(i)), nullptr) << i;
    }
    EXPECT_EQ(table.resolve("one-more"), nullptr);
    EXPECT_EQ(table.find("one-more"), nullptr);
    EXPECT_NE(table.resolve(name_of(RouteTable::max_names - 1)), nullptr);
    EXPECT_NE(table.at(RouteTable::max_names), nullptr);
}

TEST(RouteTable, places_are_kept_for_those_that_need_them) {
    RouteTable table;
    constexpr std::size_t open = RouteTable::max_names - RouteTable::kept_for_agents;
    for (std::size_t i = 0; i < open; ++i) {
        ASSERT_NE(table.resolve(name_of(i), RouteTable::kept_for_agents), nullptr) << i;
    }
    EXPECT_EQ(table.resolve("mentioned", RouteTable::kept_for_agents), nullptr);
    EXPECT_NE(table.resolve(name_of(0), RouteTable::kept_for_agents), nullptr) << "is known";
    EXPECT_NE(table.resolve("configured"), nullptr);
    EXPECT_EQ(table.count(), open + 1);
}

TEST(RouteTable, what_is_no_agent_name_gets_no_endpoint) {
    RouteTable table;
    for (const auto* name : {"", "Upper", "-first", "dot.ted", "sp ace", "é"}) {
        EXPECT_EQ(table.resolve(name), nullptr) << name;
        EXPECT_EQ(table.find(name), nullptr) << name;
    }
    EXPECT_EQ(table.resolve(std::string(NOA_AGENT_NAME_MAX + 1, 'a')), nullptr);
    EXPECT_NE(table.resolve(std::string(NOA_AGENT_NAME_MAX, 'a')), nullptr);
}

TEST(RouteTable, addresses_out_of_range_are_nobodys) {
    RouteTable table;
    ASSERT_NE(table.resolve("a"), nullptr);
    EXPECT_EQ(table.at(0), nullptr);
    EXPECT_EQ(table.at(2), nullptr);
    EXPECT_EQ(table.at(RouteTable::max_names + 1), nullptr);
    EXPECT_EQ(table.at(~noa_address{0}), nullptr);
}

TEST(RouteTable, threads_that_resolve_the_same_names_get_the_same_endpoints) {
    RouteTable table;
    std::vector<std::vector<Endpoint*>> seen(4);
    std::vector<std::thread> threads;
    threads.reserve(seen.size());
    for (auto& mine : seen) {
        threads.emplace_back([&] {
            for (std::size_t i = 0; i < 500; ++i) {
                mine.push_back(table.resolve(name_of(i)));
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    for (const auto& other : seen) {
        EXPECT_EQ(other, seen.front());
    }
    EXPECT_EQ(table.at(501), nullptr);
}

} // namespace
} // namespace noa::bus
