// What a client of the control socket can ask for.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "control/connection.hpp"
#include "control/peer.hpp"

namespace noa::control {

// Runs on the connection's own thread and may block. The result becomes the "ok" line.
using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& args, Connection&)>;

struct Verb {
    std::string name;
    Right needs = Right::full; // `full`: also logged, with uid and pid
    Handler handler;
};

// Filled before the server opens, only read afterwards.
class Verbs {
public:
    void add(std::string name, Right needs, Handler handler);
    [[nodiscard]] const Verb* find(const std::string& name) const;
    [[nodiscard]] std::string names() const; // "agent, agents, …"

private:
    std::map<std::string, Verb> verbs_;
};

// Reads a request's args, remembering the first thing that was wrong: read all, then ask
// finish(), which also refuses an arg that nobody read.
class Args {
public:
    explicit Args(std::string verb, const nlohmann::json& args);

    [[nodiscard]] std::string text(const char* key, std::size_t max_bytes);
    [[nodiscard]] std::optional<std::string> optional_text(const char* key, std::size_t max_bytes);
    [[nodiscard]] std::string agent(const char* key = "agent");
    // Empty when absent.
    [[nodiscard]] std::vector<std::string> agents(const char* key = "agents");
    // The same of agents and services: "cache", "service:db".
    [[nodiscard]] std::string target(const char* key = "agent");
    [[nodiscard]] std::vector<std::string> targets(const char* key = "agents");
    [[nodiscard]] bool flag(const char* key);
    [[nodiscard]] std::int64_t number(const char* key, std::int64_t fallback, std::int64_t least,
                                      std::int64_t most);
    [[nodiscard]] std::chrono::milliseconds timeout(std::chrono::milliseconds fallback);
    [[nodiscard]] std::string body();

    [[nodiscard]] Result<void> finish();

private:
    [[nodiscard]] const nlohmann::json* take(const char* key);
    [[nodiscard]] std::vector<std::string> names(const char* key, bool (*is_one)(std::string_view));
    void wrong(const std::string& key, std::string reason);

    std::string verb_;
    const nlohmann::json& args_;
    std::vector<std::string> taken_;
    std::optional<Error> error_;
};

} // namespace noa::control
