#include "agent.hpp"

namespace drafting {

void Drafting::setup(noa::Setup& setup) {
    setup.settings<Settings>([](const Settings& settings) { return settings.check(); },
                             [this](const Settings& settings) { settings_ = settings; });
    setup.capability("drafting");
}

noa::Status Drafting::start() {
    return {};
}

noa::Status Drafting::quiesce(noa::Time /*deadline*/) {
    return {};
}

} // namespace drafting
