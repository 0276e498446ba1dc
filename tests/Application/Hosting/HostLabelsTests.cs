namespace Sophia.Hosting;

/// <summary>What a machine says of its GPU, asked of stand-ins for nvidia-smi.</summary>
public sealed class HostLabelsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string folder = Directory.CreateTempSubdirectory("sophia-smi-").FullName;

    [Theory]
    [InlineData("NVIDIA GH200 480GB", "gh200")]
    [InlineData("NVIDIA H100 80GB HBM3", "h100")]
    [InlineData("NVIDIA H200", "h200")]
    [InlineData("NVIDIA A100-SXM4-80GB", "a100")]
    [InlineData("Tesla T4", "t4")]
    [InlineData("NVIDIA L40S", "l40s")]
    [InlineData("NVIDIA GeForce RTX 4090", "rtx-4090")]
    [InlineData("No devices were found", null)]
    [InlineData("", null)]
    public void A_name_becomes_a_label(string name, string? label) => Assert.Equal(label, HostLabels.LabelOf(name));

    [Fact]
    public void What_nvidia_smi_reports_first_is_the_label()
    {
        Script("""[ "$*" = "--query-gpu=name --format=csv,noheader" ] && printf 'NVIDIA GH200 480GB\nNVIDIA H100 PCIe\n'""");
        Assert.Equal("gh200", HostLabels.DetectGpu($"/nowhere:{folder}", Patience));
    }

    [Theory]
    [InlineData("echo 'NVIDIA H100'; exit 9")]
    [InlineData("exit 0")]
    [InlineData("echo 'NVIDIA-SMI has failed' >&2; exit 1")]
    public void One_that_fails_or_says_nothing_gives_no_label(string script)
    {
        Script(script);
        Assert.Null(HostLabels.DetectGpu(folder, Patience));
    }

    [Fact]
    public void One_that_does_not_end_is_left_after_its_time()
    {
        Script("exec sleep 600");
        Assert.Null(HostLabels.DetectGpu(folder, TimeSpan.FromMilliseconds(50)));
    }

    [Theory]
    [InlineData("sleep 600 2>/dev/null & exit 0")]
    [InlineData("exec head -c 200000 /dev/zero")]
    public void One_whose_output_does_not_end_or_has_no_line_is_left_after_its_time(string script)
    {
        Script(script);
        Assert.Null(HostLabels.DetectGpu($"{folder}:{Environment.GetEnvironmentVariable("PATH")}", TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Without_one_there_is_no_label() => Assert.Null(HostLabels.DetectGpu(folder, Patience));

    [Fact]
    public void What_the_operator_says_goes_first()
    {
        var labels = HostLabels.With(new Dictionary<string, string> { ["gpu"] = "none", ["zone"] = "a" });
        Assert.Equal(("none", "a", 2), (labels["gpu"], labels["zone"], labels.Count));
    }

    [Fact]
    public void Placement_is_read_from_the_environment()
    {
        var read = Read(("SOPHIA_GPU_LABEL", "gpu=h100"), ("SOPHIA_GPU_PLACEMENT", "wait"), ("SOPHIA_TENANT_POOLS", "acme=x, globex=y"));
        Assert.Equal("gpu=h100", read.Gpu.ToString());
        Assert.Equal("y", read.Pools[Tenants.TenantId.Parse("globex")]);
    }

    [Theory]
    [InlineData(null, true, true, Operations.GpuPolicy.Wait)]
    [InlineData(null, true, false, Operations.GpuPolicy.Prefer)]
    [InlineData(null, false, true, Operations.GpuPolicy.Prefer)]
    [InlineData("wait", false, false, Operations.GpuPolicy.Wait)]
    [InlineData("prefer", true, true, Operations.GpuPolicy.Prefer)]
    public void Only_a_cluster_with_a_model_waits_unless_it_is_said_otherwise(string? said, bool cluster, bool model, Operations.GpuPolicy policy)
    {
        var options = new Operations.PlacementOptions();
        Read(("SOPHIA_GPU_PLACEMENT", said ?? "")).Write(options, cluster, model);
        Assert.Equal(policy, options.GpuPolicy);
    }

    [Theory]
    [InlineData("SOPHIA_GPU_LABEL", "gh200")]
    [InlineData("SOPHIA_GPU_PLACEMENT", "maybe")]
    [InlineData("SOPHIA_TENANT_POOLS", "acme")]
    [InlineData("SOPHIA_TENANT_POOLS", "a b=x")]
    [InlineData("SOPHIA_TENANT_POOLS", "acme=x,acme=y")]
    public void What_makes_no_sense_is_refused_by_name(string variable, string value) =>
        Assert.Contains(variable, Assert.Throws<StartRefusedException>(() => Read((variable, value))).Message);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static PlacementSettings Read(params (string Name, string Value)[] variables) => PlacementSettings.Read(name => variables.FirstOrDefault(v => v.Name == name).Value);

    private void Script(string body)
    {
        var file = Path.Combine(folder, "nvidia-smi");
        File.WriteAllText(file, "#!/bin/sh\n" + body + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
