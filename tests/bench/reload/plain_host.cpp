#include "reload/plain_host.hpp"

#include <dlfcn.h>

#include <utility>

#include "noa/noa.h"

namespace noa::bench {

namespace {

// The target asks nothing of its host.
constexpr noa_host host_table = [] {
    noa_host host{};
    host.struct_size = sizeof host;
    host.abi_minor = NOA_ABI_MINOR;
    host.version = "plain";
    return host;
}();

noa_error empty_error() {
    noa_error error{};
    error.struct_size = sizeof error;
    return error;
}

} // namespace

Result<void> PlainHost::load(const std::filesystem::path& plugin) {
    library_ = ::dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
    auto entry = library_ != nullptr
                     ? reinterpret_cast<noa_plugin_entry>(::dlsym(library_, NOA_PLUGIN_ENTRY_NAME))
                     : nullptr;
    if (entry == nullptr) {
        return fail(Errc::system, "load a plugin", plugin.string(), "dlopen or dlsym failed");
    }
    table_ = entry();
    auto error = empty_error();
    const noa_str settings{settings_.data(), settings_.size()};
    auto status = table_->create(&host_table, 0, &agent_, &error);
    for (std::uint32_t commit = 0; status == NOA_OK && commit < 2; ++commit) {
        status = table_->configure(agent_, settings, commit, &error);
    }
    if (status == NOA_OK) {
        status = table_->start(agent_, &error);
    }
    return status == NOA_OK ? Result<void>{}
                            : fail(Errc::system, "start a plugin", plugin.string(), error.text);
}

Result<void> PlainHost::start(const std::filesystem::path& plugin) {
    if (auto loaded = load(plugin); !loaded) {
        return loaded;
    }
    {
        const std::lock_guard lock(mutex_);
        open_ = true;
    }
    worker_ = std::thread([this] { work(); });
    return {};
}

void PlainHost::stop() {
    {
        const std::lock_guard lock(mutex_);
        open_ = false;
        queue_.clear();
    }
    changed_.notify_all();
    if (worker_.joinable()) {
        worker_.join();
    }
    auto error = empty_error();
    if (auto* agent = std::exchange(agent_, nullptr)) {
        static_cast<void>(table_->quiesce(agent, 0, &error));
        table_->destroy(agent);
    }
    if (auto* library = std::exchange(library_, nullptr)) {
        ::dlclose(library);
    }
}

bool PlainHost::send(const Numbered& message) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        if (!open_) {
            return false;
        }
        first = queue_.empty();
        queue_.push_back(message);
    }
    if (first) {
        changed_.notify_all();
    }
    return true;
}

void PlainHost::wait_empty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return queue_.empty() && !working_; });
}

void PlainHost::work() {
    noa_message message{};
    message.struct_size = sizeof message;
    message.kind = NOA_MESSAGE_REQUEST;
    message.subject = {"put", 3};
    message.attempt = 1;
    auto error = empty_error();
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return !queue_.empty() || !open_; });
        if (!open_) {
            return;
        }
        const auto next = queue_.front();
        queue_.pop_front();
        working_ = true;
        lock.unlock();
        message.body = {&next, sizeof next};
        static_cast<void>(table_->handle(agent_, &message, 0, &error));
        lock.lock();
        working_ = false;
        if (queue_.empty()) {
            changed_.notify_all();
        }
    }
}

} // namespace noa::bench
