#include <noa/sdk/json.hpp>

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

class Greeter final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "greeter", .version = "1.0.0", .description = "Says hello"};

    void setup(noa::Setup& setup) override {
        setup.operation("greet", "Says hello to somebody", [this](const Greet& request) {
            greeted_.add();
            return Greeting{"Hello, " + request.name};
        });
        setup.counter("greeted_total", "Greetings said", greeted_);
    }

private:
    noa::Counter greeted_;
};

NOA_PLUGIN(Greeter);
