// What the measurements of loading and reloading have in common: new versions of a plugin's file,
// what noad says of its agents, and orders to it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "noa/host.hpp"
#include "noactl/client.hpp"

namespace noa::bench {

// The same plugin again and again, each time with bytes of its own: what noad takes for a new
// version, and has to probe.
class PluginFile {
public:
    [[nodiscard]] static Result<PluginFile> read(const std::filesystem::path& from,
                                                 std::filesystem::path to);

    // Written beside and renamed; written in place. The time just before the file is complete:
    // before the rename, or before the close.
    [[nodiscard]] Result<std::int64_t> rename_new_version();
    [[nodiscard]] Result<std::int64_t> overwrite_with_new_version();
    void remove() const;

private:
    Result<UniqueFd> write(const std::filesystem::path& path);

    std::string bytes_; // a number after the end of the ELF file tells versions apart
    std::size_t size_ = 0;
    std::uint64_t version_ = 0;
    std::filesystem::path path_;
};

// Events host.agent.NAME, as any outside program gets them. One thread's.
class AgentEvents {
public:
    [[nodiscard]] static Result<AgentEvents> subscribe(const Host& host, const std::string& agent);
    // Waits for the next "started", "reloaded", …; fails on "failed", and after ten seconds.
    [[nodiscard]] Result<nlohmann::json> await(const std::string& action);

private:
    explicit AgentEvents(WireClient client) : client_(std::move(client)) {}
    WireClient client_;
};

// One outcome of `noactl reload [--force] AGENT`; fails unless its action is `wanted`.
[[nodiscard]] Result<nlohmann::json> order_reload(noactl::Client& control, const std::string& agent,
                                                  bool force, const std::string& wanted);

// A request with an empty body, and its answer.
[[nodiscard]] Result<std::string> call(WireClient& client, const std::string& agent,
                                       const std::string& operation);

} // namespace noa::bench
