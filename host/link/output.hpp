// What a plugin writes to stdout and stderr, as lines for the host's log: at most so many a second,
// the rest counted.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace noa::link {

class Output {
public:
    static constexpr std::uint32_t lines_per_second = 100;
    static constexpr std::size_t line_max = 1024; // bytes; what is longer is cut into lines
    static constexpr std::size_t most_kept = 100;

    explicit Output(std::function<void(std::string_view)> line) : line_(std::move(line)) {}

    void add(std::string_view bytes, std::int64_t now_ns);
    // An unfinished line is one.
    void finish(std::int64_t now_ns);
    // From now on lines are kept here, not passed on; until `stop`, which hands them out.
    void keep() noexcept { kept_.emplace(); }
    [[nodiscard]] std::vector<std::string> stop();
    // Whether the last line that was kept is this.
    [[nodiscard]] bool ends_with(std::string_view line) const noexcept {
        return kept_ && !kept_->empty() && kept_->back() == line;
    }
    // Lines that were not passed on, since the last time that this was asked.
    [[nodiscard]] std::uint64_t take_dropped() noexcept;

private:
    void end_line(std::int64_t now_ns);

    const std::function<void(std::string_view)> line_;
    std::string unfinished_;
    std::optional<std::vector<std::string>> kept_;
    std::int64_t second_began_ns_ = 0;
    std::uint32_t in_second_ = 0;
    std::uint64_t dropped_ = 0;
};

} // namespace noa::link
