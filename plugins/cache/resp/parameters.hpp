// What CONFIG shows and sets.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cache::resp {

struct Options {
    std::vector<std::string> listen = {}; // "tcp:127.0.0.1:6379", "unix:/run/noa/cache.sock"
    std::string password = {};            // empty: none is asked for
    std::uint32_t max_clients = 10'000;
    std::uint64_t output_limit = 64ULL << 20U;   // of one client
    std::uint64_t buffers_limit = 256ULL << 20U; // of all clients, input and output
    std::uint64_t max_memory = 0;                // of the store; only shown
};

class Parameters {
public:
    explicit Parameters(Options options);

    [[nodiscard]] const Options& options() const noexcept { return options_; }
    // Those whose name one of the patterns covers, by name.
    [[nodiscard]] std::map<std::string, std::string> matching(std::string_view pattern) const;
    enum class Outcome : std::uint8_t { done, unknown, fixed, invalid };
    // Whether `set` would.
    [[nodiscard]] Outcome check(std::string_view name, std::string_view value) const;
    void set(std::string_view name, std::string_view value);

private:
    struct Parameter {
        std::string value;
        bool numeric = false;
        bool settable = false;
    };

    Options options_;
    std::map<std::string, Parameter, std::less<>> all_;
};

} // namespace cache::resp
