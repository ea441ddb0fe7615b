// The agent in a harness, for tests of what it does on the bus.
#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "noa/testing/harness.hpp"

namespace cache_test {

using nlohmann::json;
using noa::testing::Harness;

class CacheTest : public ::testing::Test {
protected:
    ~CacheTest() override { EXPECT_THAT(agent.violations(), ::testing::IsEmpty()); }

    void run(const std::string& settings = "{}") {
        const auto outcome = agent.run(settings);
        ASSERT_TRUE(outcome) << outcome.text;
    }
    json call(const std::string& operation, const json& body) {
        return call(agent, operation, body);
    }
    static json call(Harness& harness, const std::string& operation, const json& body) {
        const auto answer = harness.call(operation, body.dump());
        return answer.ok() ? json::parse(answer.body) : json(answer.text);
    }
    // Without JSON, which takes its time.
    void fill(unsigned count, std::size_t bytes) {
        const std::string value(bytes, 'x');
        for (unsigned number = 0; number < count; ++number) {
            const std::string key = std::to_string(number);
            // One of each: version, no name of a namespace; then type, no end, key, value.
            const std::string batch = std::string("\1\0", 2) + in_four(1) + '\0' + in_four(0) +
                                      in_four(key.size()) + key + in_four(bytes) + value;
            ASSERT_TRUE(
                agent.call("set_many", batch, {.content_type = "application/x-noa-cache-batch"})
                    .ok());
        }
    }
    static std::string in_four(std::size_t number) {
        std::string bytes;
        for (unsigned shift = 0; shift < 32; shift += 8) {
            bytes += static_cast<char>((number >> shift) & 0xffU);
        }
        return bytes;
    }

    Harness agent{noa_plugin_entry_v1()};
};

} // namespace cache_test
