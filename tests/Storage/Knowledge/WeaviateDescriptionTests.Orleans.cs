using System.Text.Json.Nodes;
using Sophia.Knowledge.StandIn;
using Sophia.Log;

namespace Sophia.Knowledge;

/// <summary>A test that needs Weaviate's public description of its REST interface.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class DescribedFactAttribute : FactAttribute
{
    public DescribedFactAttribute() => Skip = OpenApiCheck.File is null ? "skipped: no public description of Weaviate beside the shared data" : null;
}

/// <summary>What Sophia sends is held against the public description in every test of the suites; here, that the check sees anything at all, and the settings.</summary>
public sealed class WeaviateDescriptionTests
{
    [DescribedFact]
    public async Task Every_request_of_a_start_is_one_that_the_description_knows()
    {
        await using var standIn = await WeaviateStandIn.Start();
        await using var connection = new WeaviateConnection(standIn.Options, TimeProvider.System);
        await connection.Engine(default);
        Assert.Contains("POST /schema", standIn.Calls);
        Assert.Equal("", string.Join("\n", standIn.Violations));
    }

    [DescribedFact]
    public void The_check_refuses_what_the_description_does_not_know()
    {
        var check = new OpenApiCheck();
        Assert.NotEmpty(check.Check("GET", "/nowhere", null).Wrong);
        Assert.NotEmpty(check.Check("PATCH", "/schema", null).Wrong);
        Assert.NotEmpty(check.Check("POST", "/schema", null).Wrong);
        Assert.NotEmpty(check.Check("POST", "/schema", new JsonObject { ["class"] = 7 }).Wrong);
        Assert.NotEmpty(check.Check("POST", "/schema", new JsonObject { ["klass"] = "A" }).Wrong);
        Assert.NotEmpty(check.Check("POST", "/schema/A/tenants", new JsonArray(new JsonObject { ["name"] = "a", ["activityStatus"] = "BUSY" })).Wrong);
        Assert.Empty(check.Check("POST", "/schema/A/tenants", new JsonArray(new JsonObject { ["name"] = "a", ["activityStatus"] = "ACTIVE" })).Wrong);
    }

    [Fact]
    public void An_address_with_its_parts_is_read()
    {
        var options = WeaviateOptions.Of("https://weaviate.example:8443, grpc=9443, collections=Second", "key");
        Assert.Equal(("https://weaviate.example:8443/", 9443, "Second", "key"), (options.Url.ToString(), options.GrpcPort, options.Collections, options.Key));
        Assert.Equal((50_051, "Sophia"), WeaviateOptions.Of("http://weaviate:8080", null) is var plain ? (plain.GrpcPort, plain.Collections) : default);
    }

    [Theory]
    [InlineData("weaviate:8080")]
    [InlineData("ftp://weaviate")]
    [InlineData("http://user:secret@weaviate")]
    [InlineData("http://weaviate/v1")]
    [InlineData("http://weaviate,grpc=0")]
    [InlineData("http://weaviate,grpc=x")]
    [InlineData("http://weaviate,collections=small")]
    [InlineData("http://weaviate,secret")]
    public void What_is_no_address_is_refused_without_being_repeated(string text) =>
        Assert.DoesNotContain("secret", Assert.Throws<StorageException>(() => WeaviateOptions.Of(text, null)).Message);
}
