// noactl's end of the control socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "control/lines.hpp"
#include "control/protocol.hpp"

namespace noa::noactl {

class Client {
public:
    // Errc::unavailable when no host answers, saying which socket was tried and what to do;
    // Errc::denied when the socket may not be opened.
    [[nodiscard]] static Result<Client> connect(const std::filesystem::path& runtime_dir);

    using OnProgress = std::function<void(const nlohmann::json& step)>;
    // The "ok" answer. `timeout` is for each line of it.
    [[nodiscard]] Result<nlohmann::json> ask(std::string_view verb, const nlohmann::json& args,
                                             std::chrono::milliseconds timeout,
                                             const OnProgress& on_progress = {});

    enum class Ended : std::uint8_t { by_host, enough, interrupted };
    using OnEvent = std::function<bool(const nlohmann::json& event)>; // false: enough
    // Until the host ends it, on_event has enough, or `wake_fd` (-1: none) is readable.
    [[nodiscard]] Result<Ended> stream(std::string_view verb, const nlohmann::json& args,
                                       const OnEvent& on_event, const OnProgress& on_progress,
                                       int wake_fd);

private:
    explicit Client(UniqueFd socket);
    [[nodiscard]] Result<void> send(std::string_view verb, const nlohmann::json& args);

    UniqueFd socket_;
    control::LineReader reader_;
};

} // namespace noa::noactl
