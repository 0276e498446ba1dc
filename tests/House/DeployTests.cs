using System.Text.RegularExpressions;

namespace Sophia.House;

/// <summary>What lies in deploy/ is read by the tools that will read it, and says the same as the program.</summary>
public partial class DeployTests
{
    private static readonly string[] Overlays = ["base", "single-region", "two-regions/region-a", "two-regions/region-b"];

    private static string Deploy(string path) => Path.Combine(Repository.Root, "deploy", path);

    /// <summary>Where the checker of Kubernetes objects lies, with its packages.</summary>
    private static string Checker => Path.Combine(Repository.Root, "tests/House/Deploy");

    [KustomizeFact]
    public async Task Every_overlay_renders_to_objects_that_Kubernetes_knows()
    {
        foreach (var overlay in Overlays)
        {
            var (code, rendered) = await Tool.Run("kubectl", ["kustomize", Deploy($"kubernetes/{overlay}")]);
            Assert.True(code == 0, rendered);
            var (_, judged) = await Tool.Run("node", [Path.Combine(Checker, "validate.mjs")], rendered);
            Assert.StartsWith("ok ", judged);
        }
        var (_, secret) = await Tool.Run("node", [Path.Combine(Checker, "validate.mjs")], await File.ReadAllTextAsync(Deploy("kubernetes/secret.example.yaml")));
        Assert.Equal("ok 1", secret.Trim());
    }

    [KustomizeFact]
    public async Task The_check_finds_a_misspelt_field_and_a_wrong_type()
    {
        var (_, judged) = await Tool.Run("node", [Path.Combine(Checker, "validate.mjs")],
            "apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: { selectr: { a: b }, ports: [{ port: 80 }] }\n---\napiVersion: v1\nkind: Service\nmetadata: { name: y }\nspec: { ports: [{ port: eighty }] }\n");
        Assert.Contains("Service x: /spec/selectr is not known", judged);
        Assert.Contains("Service y: /spec/ports/0/port type", judged);
    }

    [ToolFact("docker-compose")]
    public async Task The_compose_file_is_valid_with_its_example_of_variables()
    {
        var filled = Path.GetTempFileName();
        await File.WriteAllTextAsync(filled, PasswordLine().Replace(await File.ReadAllTextAsync(Deploy("compose/.env.example")), "$1=secret"));
        var (code, output) = await Tool.Run("docker-compose", ["--env-file", filled, "-f", Deploy("compose/compose.yaml"), "config"]);
        File.Delete(filled);
        Assert.True(code == 0, output);
        Assert.DoesNotContain("variable is not set", output);
    }

    [ToolFact("promtool")]
    public async Task Alerts_are_valid_and_fire_when_they_should()
    {
        foreach (var arguments in (string[][])[["check", "config", Deploy("prometheus/prometheus.yaml")], ["test", "rules", Deploy("prometheus/alerts.test.yaml")]])
        {
            var (code, output) = await Tool.Run("promtool", arguments);
            Assert.True(code == 0, output);
        }
    }

    [Fact]
    public void Every_alert_names_its_runbook_and_every_runbook_is_in_the_index()
    {
        var rules = Repository.Read("deploy/prometheus/alerts.yaml");
        var runbooks = Runbook().Matches(rules).Select(match => match.Value).ToList();
        Assert.Equal(Alert().Count(rules), runbooks.Count);
        Assert.All(runbooks, runbook => Assert.True(File.Exists(Path.Combine(Repository.Root, runbook)), runbook));
        var index = Repository.Read("docs/runbooks/README.md");
        Assert.All(Repository.Files("docs/runbooks", ".md").Select(path => Path.GetFileName(path)).Where(name => name != "README.md"), name => Assert.Contains($"]({name})", index));
    }

    [Fact]
    public void Every_measurement_that_an_alert_asks_for_is_made()
    {
        var made = Measurements();
        var asked = Asked().Matches(Repository.Read("deploy/prometheus/alerts.yaml")).Select(match => match.Value).Distinct().ToList();
        Assert.NotEmpty(asked);
        Assert.All(asked, name => Assert.Contains(name, made.Keys));
    }

    [Fact]
    public void Every_label_that_an_alert_chooses_by_is_given_where_its_measurement_is_made()
    {
        var (made, seen) = (Measurements(), 0);
        foreach (var expression in Repository.Read("deploy/prometheus/alerts.yaml").Split('\n').Where(line => line.TrimStart().StartsWith("expr:", StringComparison.Ordinal)))
        {
            var asked = Asked().Matches(expression).Select(match => match.Value).Distinct().ToList();
            foreach (Match choice in Chosen().Matches(expression))
                foreach (Match label in Label().Matches(choice.Groups[2].Value))
                    Given(label.Groups[1].Value, [choice.Groups[1].Value]);
            if (asked.Count > 0)
                foreach (var label in Grouped().Matches(expression).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)).Where(label => label is not ("le" or "instance" or "job")))
                    Given(label, asked);
        }
        Assert.True(seen > 10, $"{seen} labels");

        void Given(string label, IReadOnlyList<string> names)
        {
            seen++;
            Assert.All(names, name => Assert.True(made[name].Contains($"\"{label}\"", StringComparison.Ordinal), $"nothing gives {name} a label {label}"));
        }
    }

    /// <summary>What is measured under the names that it is exported by, with the source that makes it.</summary>
    private static Dictionary<string, string> Measurements()
    {
        var made = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var source in Repository.Files("src", ".cs").Select(Repository.Read))
            foreach (Match match in Instrument().Matches(source))
            {
                var unit = match.Groups[3].Value switch { "s" => "_seconds", "By" => "_bytes", "1" => "_ratio", _ => "" };
                var name = match.Groups[2].Value.Replace('.', '_') + unit;
                foreach (var ending in match.Groups[1].Value switch { "Counter" or "ObservableCounter" => (string[])["_total"], "Histogram" => ["_bucket", "_count", "_sum"], _ => [""] })
                    made[name + ending] = made.GetValueOrDefault(name + ending) + source;
            }
        return made;
    }

    [Fact]
    public void Variables_are_the_same_in_the_program_in_the_example_and_in_what_is_deployed()
    {
        var example = ExampleVariable().Matches(Repository.Read(".env.example")).Select(match => match.Groups[1].Value).ToHashSet();
        var read = Repository.Files("", ".cs", ".sh", "sophia", "/run").SelectMany(file => Variable().Matches(Repository.Read(file)).Select(match => match.Value)).ToHashSet();
        Assert.Empty(example.Except(read));
        var ofPasswords = Repository.Read("deploy/compose/.env.example");
        var deployed = Repository.Files("deploy", ".yaml", "Dockerfile").SelectMany(file => Variable().Matches(Repository.Read(file)).Select(match => match.Value)).ToHashSet();
        Assert.Empty(deployed.Where(name => !example.Contains(name) && !ofPasswords.Contains($"{name}=", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"^(\w*PASSWORD|SOPHIA_SECRETS_KEY)=$", RegexOptions.Multiline)]
    private static partial Regex PasswordLine();

    [GeneratedRegex(@"docs/runbooks/[a-z-]+\.md")]
    private static partial Regex Runbook();

    [GeneratedRegex(@"- alert:")]
    private static partial Regex Alert();

    [GeneratedRegex("Create(\\w+)(?:<\\w+>)?\\(\\s*\"(sophia\\.[a-z_.]+)\"[^\"]*\"([^\"]*)\"")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"\b(sophia_[a-z_]+)\{([^}]*)\}")]
    private static partial Regex Chosen();

    [GeneratedRegex(@"([a-z_]+)\s*(?:=~|!~|!=|=)")]
    private static partial Regex Label();

    [GeneratedRegex(@"\bby \(([a-z_, ]+)\)")]
    private static partial Regex Grouped();

    [GeneratedRegex(@"\bsophia_[a-z_]+\b")]
    private static partial Regex Asked();

    [GeneratedRegex(@"^#(SOPHIA_[A-Z_]+)=", RegexOptions.Multiline)]
    private static partial Regex ExampleVariable();

    [GeneratedRegex(@"\bSOPHIA_[A-Z]+(_[A-Z]+)*\b")]
    private static partial Regex Variable();
}

/// <summary>Needs kubectl (for kustomize), Node, and the checker's packages.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KustomizeFactAttribute : FactAttribute
{
    public KustomizeFactAttribute() => Skip = Tool.Find("kubectl") is null ? "skipped: no kubectl" : !IsNew ? "skipped: kubectl is older than 1.24" : Tool.Find("node") is null ? "skipped: no Node"
        : !Directory.Exists(Path.Combine(Repository.Root, "tests/House/Deploy/node_modules")) ? "skipped: the packages of tests/House/Deploy are not installed" : null;

    // Older ones carry a kustomize that does not know the patches that overlays use.
    private static bool IsNew => Tool.Run("kubectl", ["version", "--client"]).GetAwaiter().GetResult().Output.Contains("Kustomize Version: v", StringComparison.Ordinal);
}
