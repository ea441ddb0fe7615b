#include "files_fixture.hpp"

namespace noa::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class Secrets : public FilesTest {
protected:
    static Result<Config> with(const std::string& reference,
                               const std::map<std::string, std::string>& environment = {}) {
        return read("[agents.a.settings]\ntoken = { secret = \"" + reference + "\" }\n",
                    environment);
    }
    static std::string error_of(const std::string& reference,
                                const std::map<std::string, std::string>& environment = {}) {
        const auto config = with(reference, environment);
        return config ? std::string() : config.error().reason;
    }
};

TEST_F(Secrets, come_from_a_file_without_its_last_newline) {
    const auto file = write("token", "hush\n\n", 0640);
    const auto config = with("file:" + file.string());
    ASSERT_TRUE(config) << config.error().text();
    const auto& agent = config->agents.at("a");
    EXPECT_EQ(agent.settings.at("token"), "hush\n");
    EXPECT_THAT(agent.secrets, ElementsAre(Pair("/token", "file:" + file.string())));
    EXPECT_EQ(agent.settings_by_reference().at("token").at("secret"), "file:" + file.string());
    EXPECT_EQ(agent.shown_settings().dump(), R"x({"token":"(secret)"})x");
    write("token", "hush\r\n");
    EXPECT_EQ(with("file:" + file.string())->agents.at("a").settings.at("token"), "hush");
}

TEST_F(Secrets, come_from_the_environment_and_from_credentials) {
    EXPECT_EQ(with("env:DB_PASSWORD", {{"DB_PASSWORD", "hush"}})->agents.at("a").settings["token"],
              "hush");
    write("credentials/db", "hush\n", 0400);
    const std::map<std::string, std::string> environment{
        {"CREDENTIALS_DIRECTORY", (root_ / "credentials").string()}};
    EXPECT_EQ(with("credential:db", environment)->agents.at("a").settings["token"], "hush");
}

TEST_F(Secrets, are_found_anywhere_in_the_settings) {
    const auto config = read("[agents.a.settings]\n"
                             "list = [{ url = 'u', key = { secret = 'env:S' } }]\n"
                             "\"a/b~\".c = { secret = 'env:S' }\n"
                             "secret = 'an ordinary text'\n"
                             "webhook = { secret = 'also ordinary', url = 'u' }\n",
                             {{"S", "hush"}});
    ASSERT_TRUE(config) << config.error().text();
    const auto& agent = config->agents.at("a");
    EXPECT_THAT(agent.secrets,
                ElementsAre(Pair("/a~1b~0/c", "env:S"), Pair("/list/0/key", "env:S")));
    EXPECT_EQ(agent.settings_by_reference().at("list")[0].at("key").at("secret"), "env:S");
    EXPECT_THAT(agent.settings_by_reference().dump(), Not(HasSubstr("hush")));
    EXPECT_THAT(agent.shown_settings().dump(), Not(HasSubstr("hush")));
    EXPECT_EQ(agent.settings.at("list")[0].at("key"), "hush");
    EXPECT_EQ(agent.settings.at("webhook").at("secret"), "also ordinary");
}

TEST_F(Secrets, a_reference_replaces_a_reference_of_a_lower_layer) {
    write("etc/noa.toml", "[agents.a.settings]\nt = { secret = 'file:/nowhere' }\n");
    write("etc/conf.d/b.toml", "[agents.a.settings]\nt = { secret = 'env:S' }\n");
    auto from = sources();
    from.environment["S"] = "hush";
    const auto config = load(from);
    ASSERT_TRUE(config) << config.error().text();
    EXPECT_EQ(config->agents.at("a").settings["t"], "hush");
}

TEST_F(Secrets, that_everybody_may_read_or_write_are_refused) {
    const auto file = write("token", "hush", 0604);
    EXPECT_EQ(error_of("file:" + file.string()),
              "noa.toml:2:1: agents.a.settings.token: secret \"file:" + file.string() +
                  "\": everybody may read or write the file; chmod o-rwx it");
    write("token", "hush", 0602);
    EXPECT_THAT(error_of("file:" + file.string()), HasSubstr("everybody may read or write"));
}

TEST_F(Secrets, that_cannot_be_had_say_why) {
    EXPECT_THAT(error_of("file:/no/such/file"), HasSubstr("No such file or directory"));
    EXPECT_THAT(error_of("file:relative"), HasSubstr("the path must be absolute"));
    EXPECT_THAT(error_of("file:" + root_.string()), HasSubstr("not a regular file"));
    EXPECT_THAT(error_of("file:/dev/zero"), HasSubstr("not a regular file"));
    EXPECT_THAT(error_of("env:NOT_SET"), HasSubstr("the variable is not set"));
    EXPECT_THAT(error_of("credential:x"), HasSubstr("passed no credentials"));
    EXPECT_THAT(error_of("credential:../x", {{"CREDENTIALS_DIRECTORY", "/"}}),
                HasSubstr("is one file name"));
    const auto big = write("big", std::string(70'000, 'x'));
    EXPECT_THAT(error_of("file:" + big.string()), HasSubstr("larger than 65536 bytes"));
    const auto binary = write("binary", std::string("hush\0\xFF", 6));
    EXPECT_THAT(error_of("file:" + binary.string()), HasSubstr("not UTF-8 text"));
    EXPECT_THAT(error_of("file:" + binary.string()), Not(HasSubstr("hush")));
}

TEST_F(Secrets, written_in_place_of_a_reference_are_not_repeated) {
    const auto error = error_of("hunter2");
    EXPECT_THAT(error, HasSubstr("noa.toml:2:1: agents.a.settings.token: secret: expected "
                                 "\"file:/path\", \"env:NAME\" or \"credential:NAME\""));
    EXPECT_THAT(error, Not(HasSubstr("hunter2")));
}

TEST_F(Secrets, count_for_the_identity) {
    const auto one = with("env:S", {{"S", "1"}});
    const auto two = with("env:S", {{"S", "2"}});
    EXPECT_NE(one->agents.at("a").identity(), two->agents.at("a").identity());
    EXPECT_EQ(one->agents.at("a").identity(),
              with("env:S", {{"S", "1"}})->agents.at("a").identity());
    EXPECT_EQ(one->agents.at("a").identity().size(), 64U);
}

} // namespace
} // namespace noa::config
