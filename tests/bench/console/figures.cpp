// An agent that tells as many figures as one may: for what the console serves of many series.
#include <string>

#include "noa/sdk.hpp"

namespace {

constexpr int figures = 500; // what a monitor takes of one agent

class Figures final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{.id = "bench-figures", .version = "1.0.0"};

    void setup(noa::Setup& setup) override {
        for (int number = 0; number < figures; ++number) {
            setup.gauge("figure_" + std::to_string(number), "One of many",
                        [number] { return number; });
        }
    }
};

} // namespace

NOA_PLUGIN(Figures);
