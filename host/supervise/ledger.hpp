// What the host remembers of each agent's code over its own life: which versions were confirmed,
// which were rejected and why, and which was on trial when the host last ended.
//
// One JSON file an agent, replaced as a whole. A file that cannot be read is put aside and said:
// the agent then starts without a past.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/file.hpp"

namespace noa::supervise {

struct GoodVersion {
    std::string digest;
    std::string version;
    std::string plugin;
    std::int64_t confirmed_unix_ns = 0;
    friend bool operator==(const GoodVersion&, const GoodVersion&) = default;
};

struct Rejection {
    std::string digest;
    std::string version;
    std::string reason;
    std::int64_t at_unix_ns = 0;
    friend bool operator==(const Rejection&, const Rejection&) = default;
};

// A file whose code is, or was when the host ended, inside the host without being confirmed.
struct Trial {
    std::string digest;
    std::string version;
    std::string phase; // name_of(Phase)
    std::uint64_t generation = 0;
    std::int64_t since_unix_ns = 0;
    std::uint32_t unexplained = 0; // ends of the host in it that nobody was found guilty of
    friend bool operator==(const Trial&, const Trial&) = default;
};

struct LedgerPage {
    static constexpr std::size_t max_rejected = 16;

    std::vector<GoodVersion> good; // newest confirmation first: the first is last known good
    std::vector<Rejection> rejected;
    std::optional<Trial> trial;
    std::string isolated; // digest of what crashed the host as a thread: it runs as a process
    std::string chosen;   // digest that an operator went back to; while the file's own is rejected

    [[nodiscard]] const Rejection* rejection_of(std::string_view digest) const noexcept;
    [[nodiscard]] bool is_good(std::string_view digest) const noexcept;
    // What to run instead of a rejected file: what was chosen, else last known good.
    [[nodiscard]] const GoodVersion* fallback() const noexcept;

    // Also acquits it and ends its trial. Confirmed again, the newest keeps its time.
    void confirm(GoodVersion version, std::size_t keep);
    void reject(Rejection rejection); // also ends its trial
    void acquit(std::string_view digest);
    friend bool operator==(const LedgerPage&, const LedgerPage&) = default;
};

[[nodiscard]] nlohmann::json to_json(const LedgerPage& page);
// Hostile input: bounded, checked member by member.
[[nodiscard]] Result<LedgerPage> page_from_json(std::string_view text, const std::string& object);

// [any thread]
class Ledger {
public:
    static constexpr std::size_t max_page_bytes = std::size_t{64} * 1024;

    // Reads what there is; `problems` gets an error for each page that was put aside.
    [[nodiscard]] static Result<Ledger> open(const std::filesystem::path& directory,
                                             std::vector<Error>& problems);
    Ledger(Ledger&& other) noexcept;

    [[nodiscard]] LedgerPage page(const std::string& agent) const;
    [[nodiscard]] std::vector<std::string> agents() const;
    // Changes a page and writes it, unless it stays the same. What could not be written counts
    // for this life of the host all the same.
    [[nodiscard]] Result<void> update(const std::string& agent, Durable durable,
                                      const std::function<void(LedgerPage&)>& change);

private:
    explicit Ledger(std::filesystem::path directory) : directory_(std::move(directory)) {}
    const std::filesystem::path directory_;
    mutable std::mutex mutex_;
    std::map<std::string, LedgerPage> pages_; // under mutex_
};

} // namespace noa::supervise
