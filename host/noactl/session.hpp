// What every command of noactl shares: its global options, its output, its host.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "noactl/client.hpp"
#include "noactl/exit_code.hpp"
#include "noactl/table.hpp"

namespace noa::noactl {

struct Globals {
    std::filesystem::path runtime_dir;
    bool json = false;
    bool no_color = false;

    [[nodiscard]] Screen screen() const { return Screen::of_stdout(no_color); }
};

// How long the host may take over a question; commands that do something have no limit.
constexpr std::chrono::milliseconds question_timeout{60'000};

void print(std::string_view text);
// `value` for programs when --json, else what `show` makes of it for people.
void print(const Globals& globals, const nlohmann::json& value,
           const std::function<std::string(const nlohmann::json&)>& show);
// "noactl: call: cache.get: …" to standard error.
void complain(const Error& error);
void say(std::string_view text); // a remark to standard error

using WithClient = std::function<Result<int>(Client&)>; // an exit code

// Connects and runs; errors are printed and become the exit code.
[[nodiscard]] int with_client(const Globals& globals, const WithClient& run);

// A question without streams: prints its answer.
[[nodiscard]] int ask_and_print(const Globals& globals, std::string_view verb,
                                const nlohmann::json& args,
                                const std::function<std::string(const nlohmann::json&)>& show);

// Turns SIGINT and SIGTERM into a readable descriptor, as long as it lives.
class Interrupt {
public:
    [[nodiscard]] static Result<Interrupt> open();
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

private:
    explicit Interrupt(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

// A stream of items, one line each, until it ends or somebody interrupts it; `follow`: each is seen
// at once.
[[nodiscard]] int print_stream(const Globals& globals, std::string_view verb,
                               const nlohmann::json& args, bool follow,
                               const std::function<std::string(const nlohmann::json&)>& show);

// A member as it is; null when absent.
[[nodiscard]] const nlohmann::json& child(const nlohmann::json& object, const char* key);
// A member as text: strings as they are, anything else as JSON; "" when absent.
[[nodiscard]] std::string member(const nlohmann::json& object, const char* key);
[[nodiscard]] std::int64_t number(const nlohmann::json& object, const char* key);
// Each value in a line of its own, by its dotted key.
[[nodiscard]] Table fields_table(const nlohmann::json& value);
void add_fields(Table& table, const nlohmann::json& value);
// What became of agents: {"outcomes": […]}.
[[nodiscard]] std::string outcomes_text(const Globals& globals, const nlohmann::json& answer);
[[nodiscard]] bool any_failed(const nlohmann::json& answer);
[[nodiscard]] Tone tone_of_state(std::string_view state) noexcept;

} // namespace noa::noactl
