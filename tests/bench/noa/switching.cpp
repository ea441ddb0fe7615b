#include "noa/switching.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/clock.hpp"

namespace noa::bench {

namespace {

using nlohmann::json;

constexpr std::chrono::seconds patience{10};

} // namespace

Result<PluginFile> PluginFile::read(const std::filesystem::path& from, std::filesystem::path to) {
    std::ifstream input(from, std::ios::binary);
    PluginFile file;
    file.bytes_.assign(std::istreambuf_iterator<char>(input), {});
    if (!input || file.bytes_.empty()) {
        return fail(Errc::system, "read a plugin", from.string(), "cannot be read");
    }
    file.size_ = file.bytes_.size();
    file.bytes_.resize(file.size_ + sizeof file.version_);
    file.path_ = std::move(to);
    return file;
}

Result<UniqueFd> PluginFile::write(const std::filesystem::path& path) {
    ++version_;
    std::memcpy(bytes_.data() + size_, &version_, sizeof version_);
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));
    if (!fd ||
        ::write(fd.get(), bytes_.data(), bytes_.size()) != static_cast<ssize_t>(bytes_.size())) {
        return fail_errno("write a plugin", path.string(), errno);
    }
    return fd;
}

Result<std::int64_t> PluginFile::rename_new_version() {
    auto beside = path_;
    beside += ".new";
    auto fd = write(beside);
    if (!fd) {
        return tl::unexpected(fd.error());
    }
    fd->reset();
    const auto complete = monotonic_ns();
    return ::rename(beside.c_str(), path_.c_str()) == 0
               ? Result<std::int64_t>(complete)
               : fail_errno("rename a plugin", path_.string(), errno);
}

Result<std::int64_t> PluginFile::overwrite_with_new_version() {
    auto fd = write(path_);
    if (!fd) {
        return tl::unexpected(fd.error());
    }
    const auto complete = monotonic_ns();
    fd->reset();
    return complete;
}

void PluginFile::remove() const {
    ::unlink(path_.c_str());
}

Result<AgentEvents> AgentEvents::subscribe(const Host& host, const std::string& agent) {
    auto client = WireClient::connect(host.runtime_dir());
    if (!client) {
        return tl::unexpected(client.error());
    }
    const auto subject = "host.agent." + agent;
    WireClient::Outgoing message;
    message.kind = wire_subscribe;
    message.flags = wire_want_receipt;
    message.subject = subject;
    if (auto accepted = client->call(message); !accepted) {
        return tl::unexpected(accepted.error());
    }
    client->set_timeout(patience);
    return AgentEvents(std::move(*client));
}

Result<json> AgentEvents::await(const std::string& action) {
    // Keeps the lease.
    WireClient::Outgoing ping;
    ping.kind = wire_ping;
    if (auto sent = client_.send(ping); !sent) {
        return tl::unexpected(sent.error());
    }
    for (WireMessage message;;) {
        auto received = client_.receive(message);
        if (!received) {
            return tl::unexpected(received.error());
        }
        if (!*received) {
            return fail(Errc::timed_out, "wait for an event", action, "nothing came within 10 s");
        }
        if (message.header.kind != wire_event) {
            continue;
        }
        auto event = json::parse(message.body, nullptr, false);
        const auto told = event.is_object() ? event.value("action", "") : "";
        if (told == action) {
            return event;
        }
        if (told == "failed") {
            return fail(Errc::refused, "wait for an event", action, event.value("text", ""));
        }
    }
}

Result<json> order_reload(noactl::Client& control, const std::string& agent, bool force,
                          const std::string& wanted) {
    auto answer = control.ask("reload", {{"agents", {agent}}, {"force", force}}, patience);
    if (!answer) {
        return tl::unexpected(answer.error());
    }
    for (const auto& outcome : answer->value("outcomes", json::array())) {
        if (outcome.value("agent", "") == agent && outcome.value("action", "") == wanted) {
            return outcome;
        }
    }
    return fail(Errc::internal, "reload", agent, answer->dump());
}

Result<std::string> call(WireClient& client, const std::string& agent,
                         const std::string& operation) {
    WireClient::Outgoing message;
    message.to = agent;
    message.subject = operation;
    return client.call(message);
}

} // namespace noa::bench
