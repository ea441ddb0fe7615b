// Structured log lines: a stable event id, key=value fields, one line each.
//
//   log(Level::info, "agent.started", {{"agent", "cache"}, {"generation", 2}});
//
// Only programs, the supervisor and agents (through the ABI) write here; modules return
// errors. Lines go to stderr or to journald, and into a bounded ring for `noactl log`.
// Texts may be hostile: one event is always one line, control characters are escaped, broken
// UTF-8 is replaced, a text is cut at 4 KiB and a line's fields at 16 KiB.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace noa {

enum class Level : std::uint8_t { debug = 1, info = 2, warning = 3, error = 4 };

[[nodiscard]] std::string_view name_of(Level level) noexcept;
[[nodiscard]] std::optional<Level> parse_level(std::string_view text) noexcept;

struct Field {
    std::string_view key;
    nlohmann::json value;
};

enum class LogFormat : std::uint8_t { text, json };

struct LogLine {
    std::uint64_t sequence = 0; // from 1, without gaps
    std::int64_t unix_ns = 0;
    Level level = Level::info;
    std::string event;
    nlohmann::ordered_json fields; // an object, in the order given
};

// One per process, made by main and passed on by reference.  [any thread]
class Log {
public:
    // `journal`: lines start with "<N>", the priority that journald reads from stderr.
    Log(LogFormat format, bool journal);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    void write(Level level, std::string_view event, std::initializer_list<Field> fields);
    void write(Level level, std::string_view event, nlohmann::json fields);
    // The parts of an error as fields of one line.
    void error(std::string_view event, const Error& error, std::initializer_list<Field> more = {},
               Level level = Level::error);

    void set_format(LogFormat format);
    // Default level, and the level of one agent's own lines (the field "agent").
    void set_level(Level level);
    void set_agent_level(const std::string& agent, std::optional<Level> level);
    [[nodiscard]] bool enabled(Level level) const noexcept;

    // The newest lines that are still held, oldest first, after `sequence`; at most `limit`.
    [[nodiscard]] std::vector<LogLine> tail(std::size_t limit, std::uint64_t after = 0) const;
    // Waits until a line newer than `after` exists or `stop` says true; `stop` is asked at
    // each line and at each wake().
    void wait_newer(std::uint64_t after, const std::function<bool()>& stop) const;
    void wake() const;

    [[nodiscard]] static std::string render(const LogLine& line, LogFormat format);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace noa
