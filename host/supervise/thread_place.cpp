#include "supervise/thread_place.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <system_error>

namespace noa::supervise {

namespace {

constexpr unsigned long exiting = 0x4; // PF_EXITING of linux/sched.h, in the flags of stat

// Field 9 of /proc/…/stat (proc(5)), behind the name in parentheses, which may hold anything.
bool is_exiting(const std::filesystem::path& task) {
    std::ifstream in(task / "stat");
    std::string text((std::istreambuf_iterator<char>(in)), {});
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) {
        return true; // it has gone
    }
    auto at = name_end + 1; // the space before field 3
    for (int field = 3; field < 9 && at != std::string::npos; ++field) {
        at = text.find(' ', at + 1);
    }
    unsigned long flags = 0;
    return at == std::string::npos ||
           std::from_chars(text.data() + at + 1, text.data() + text.size(), flags).ec !=
               std::errc() ||
           (flags & exiting) != 0;
}

// Threads of this name but for the asking one: started by the plugin and not joined.
std::string threads_called(const std::string& name) {
    std::string found;
    std::error_code code;
    const auto self = std::to_string(::syscall(SYS_gettid));
    for (std::filesystem::directory_iterator at("/proc/self/task", code), end; !code && at != end;
         at.increment(code)) {
        std::ifstream in(at->path() / "comm");
        std::string text;
        std::getline(in, text);
        const auto thread = at->path().filename().string();
        if (text == name && thread != self && !is_exiting(at->path())) {
            found += (found.empty() ? "" : ", ") + thread;
        }
    }
    return found;
}

} // namespace

ThreadPlace::ThreadPlace(Facts facts)
    : facts_(std::move(facts)),
      crash_scope_({facts_.agent, facts_.digest, facts_.thread, facts_.generation}) {}

Result<plugin::Instance*> ThreadPlace::load() {
    crash_scope_.claim_thread();
    auto library = plugin::Library::open(facts_.file);
    if (!library) {
        return Failure(library.error());
    }
    library_ = std::move(*library);
    const auto range = plugin::mapped_range(library_->path());
    crash_scope_.set_range(range.begin, range.end);
    auto instance = plugin::LocalInstance::create(library_->table(), *facts_.host, facts_.context);
    if (!instance) {
        return Failure(instance.error());
    }
    instance_.emplace(std::move(*instance));
    return &*instance_;
}

void ThreadPlace::destroy() {
    left_behind_ = threads_called(facts_.thread);
    if (left_behind_.empty()) {
        instance_.reset();
    }
    CrashScope::leave_thread();
}

void ThreadPlace::tell(nlohmann::json& out) const {
    out["in_force"] = nlohmann::json::array();
    out["not_in_force"] = nlohmann::json::array();
    if (facts_.is_limited) {
        out["not_in_force"].push_back(
            "limits and sandbox: a thread of the host shares what the host has; run = \"process\" "
            "is bounded");
    }
}

std::string ThreadPlace::unload() {
    if (!left_behind_.empty()) {
        return "a thread was left behind (tid " + left_behind_ + ")";
    }
    if (!library_) {
        return {};
    }
    const auto path = library_->path();
    library_->close();
    library_.reset();
    return plugin::is_mapped(path) ? why_mapped() : std::string();
}

std::string ThreadPlace::why_mapped() const {
    std::string known;
    for (const auto& reason : facts_.pinning) {
        known += (known.empty() ? "" : "; ") + reason;
    }
    return "still mapped after dlclose: " +
           (known.empty() ? "a thread_local object of it lives on a thread of others, or another "
                            "library holds it"
                          : known);
}

} // namespace noa::supervise
