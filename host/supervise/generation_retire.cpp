// The end of a generation: destroyed, joined, unloaded, looked at; or pinned, and why.
#include "plugin/stage.hpp"
#include "supervise/generation.hpp"
#include "supervise/host_table.hpp"

namespace noa::supervise {

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
        generation->agent_arena_.abandoned_by(generation->context_);
        around.leftovers.add_stuck(std::move(generation));
        return;
    }
    auto reason = generation->unload();
    if (blueprint.owns_file) {
        plugin::StageDir::remove(blueprint.file);
    }
    if (!reason.empty()) {
        pin(std::move(reason));
        if (generation->place_ && generation->place_->in_use()) {
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
            if (place_) {
                place_->destroy();
            }
            instance_ = nullptr;
            set_generation_of_this_thread(nullptr);
        });
        lane_->join();
        agent_arena_.unpark(context_);
        around_.bus.subscriptions().remove_owner(lane_->endpoint(), context_);
        if (const auto kept = lane_->kept_messages(); kept != 0) {
            around_.log.write(
                Level::warning, "agent.messages_kept",
                {{"agent", name_}, {"generation", blueprint_.number}, {"messages", kept}});
        }
    }
    return place_ ? place_->unload() : std::string();
}

} // namespace noa::supervise
