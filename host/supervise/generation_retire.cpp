// The end of a generation: destroyed, joined, unloaded, looked at; or pinned, and why.
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <system_error>

#include "plugin/stage.hpp"
#include "supervise/generation.hpp"
#include "supervise/host_table.hpp"

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

void Generation::retire(std::unique_ptr<Generation> generation) {
    auto& around = generation->around_;
    const auto& blueprint = generation->blueprint_;
    const auto pin = [&](std::string reason) {
        around.log.write(
            Level::warning, "agent.pinned",
            {{"agent", generation->name_}, {"generation", blueprint.number}, {"reason", reason}});
        around.leftovers.add_pin({generation->name_, blueprint.number,
                                  blueprint.file.source.string(), std::move(reason)});
    };
    if (generation->stuck()) {
        pin("its lane does not return from the plugin");
        generation->sockets_.given_up_by(generation->context_, true);
        around.leftovers.add_stuck(std::move(generation));
        return;
    }
    auto reason = generation->unload();
    plugin::StageDir::remove(blueprint.file);
    if (!reason.empty()) {
        pin(std::move(reason));
        if (!generation->left_behind_.empty()) {
            // Its threads may still use the object: neither it nor the library may go.
            around.leftovers.add_stuck(std::move(generation));
        }
    }
}

std::string Generation::unload() {
    context_table().revoke(context_);
    if (lane_) {
        lane_->post([this] {
            lane_->forget();
            left_behind_ = threads_called(thread_);
            if (left_behind_.empty()) {
                instance_.reset();
            }
            set_generation_of_this_thread(nullptr);
            CrashScope::leave_thread();
        });
        lane_->join();
        around_.bus.subscriptions().remove_owner(lane_->endpoint(), context_);
        if (const auto kept = lane_->kept_messages(); kept != 0) {
            around_.log.write(
                Level::warning, "agent.messages_kept",
                {{"agent", name_}, {"generation", blueprint_.number}, {"messages", kept}});
        }
    }
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

std::string Generation::why_mapped() const {
    std::string known;
    for (const auto& reason : blueprint_.facts.pinned) {
        known += (known.empty() ? "" : "; ") + reason;
    }
    return "still mapped after dlclose: " +
           (known.empty() ? "a thread_local object of it lives on a thread of others, or another "
                            "library holds it"
                          : known);
}

} // namespace noa::supervise
