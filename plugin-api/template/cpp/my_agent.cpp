#include <noa/sdk/json.hpp>

namespace {

struct Settings {
    std::string greeting = "Hello";
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("greeting", &Settings::greeting));
    }
};

struct Greet {
    std::string name;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &Greet::name, "whom to greet"));
    }
};

struct Greeting {
    std::string text;
    static constexpr auto fields() { return noa::fields(noa::field("text", &Greeting::text)); }
};

class MyAgent final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "my-agent",
        .version = "0.1.0",
        .description = "Says hello",
        .settings_schema = R"({"type": "object", "additionalProperties": false,
                               "properties": {"greeting": {"type": "string"}}})",
        .state_schema = 1,
    };

    void setup(noa::Setup& setup) override {
        setup.settings<Settings>([this](Settings settings) { settings_ = std::move(settings); });
        setup.operation("greet", "Says hello to somebody", [this](const Greet& request) {
            ++greeted_;
            return Greeting{settings_.greeting + ", " + request.name};
        });
        setup.counter("greeted_total", "Greetings said", [this] { return greeted_; });
    }

    noa::Status save(noa::StateWriter& state) override {
        state.number(greeted_);
        return {};
    }
    noa::Status restore(noa::StateReader& state) override {
        greeted_ = state.number();
        return {};
    }

private:
    Settings settings_;
    std::uint64_t greeted_ = 0;
};

} // namespace

NOA_PLUGIN(MyAgent);
