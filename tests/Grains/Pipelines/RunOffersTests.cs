using Sophia.Resilience;
using Sophia.Tenants;

namespace Sophia.Pipelines;

// Goal: a run's end speaks of its own pipeline's source and of no other.
public sealed class RunOffersTests
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");
    private readonly WrittenHealth health = new();

    [Fact]
    public void A_run_that_failed_of_its_source_counts_against_its_own_pipeline_s_source()
    {
        Tell("sources: [{type: airbyte, image: a/b:1}]", new RunEvent.Fail("it hangs", OfSource: true));
        Tell("sources: [{type: airbyte, image: a/b:1}]", new RunEvent.Fail("no room", OfStore: true));
        Tell("sources: [{type: airbyte, image: a/b:1}, {type: files, path: /data}]", new RunEvent.Fail("which?", OfSource: true));
        Tell("sources: [{type: airbyte, image: a/b:1}, {type: files, path: /data}]", new RunEvent.Finish());
        Assert.Equal(["acme crm airbyte failed 3: it hangs", "acme crm airbyte worked", "acme crm files worked"], health.Said);
    }

    private void Tell(string sources, RunEvent ended) =>
        RunOffers.Tell(health, Tenant, "crm", PipelineDefinitionReader.Read($"name: crm\n{sources}\nstreams: {{deals: {{key: id}}}}\n", "crm.yaml", "crm").Definition!, ended);

    private sealed class WrittenHealth : IHealth
    {
        public List<string> Said { get; } = [];

        public void Answered(TimeSpan took, bool failed) => throw new NotSupportedException();

        public void Worked(TenantId? tenant, string dependency) => Said.Add($"{dependency} worked");

        public void Failed(TenantId? tenant, string dependency, string because, int times = 1) => Said.Add($"{dependency} failed");

        public void SourceWorked(TenantId tenant, string pipeline, string type) => Said.Add($"{tenant} {pipeline} {type} worked");

        public void SourceFailed(TenantId tenant, string pipeline, string type, string because, int times = 1) => Said.Add($"{tenant} {pipeline} {type} failed {times}: {because}");

        public void Measured(TenantId tenant, HealthSignal signal, double value, string source = "") => throw new NotSupportedException();
    }
}
