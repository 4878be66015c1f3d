import pytest

BUCKETS = {"ApplicationArtifactsBucket": "artifacts", "ConfigurationBucket": "config"}


@pytest.mark.parametrize(("title", "suffix"), BUCKETS.items())
def test_a_bucket_is_named_after_stack_and_account(properties, title, suffix):
    assert properties[title]["BucketName"] == f"dr-test-{suffix}-111122223333"


@pytest.mark.parametrize("title", BUCKETS)
def test_a_bucket_is_private(properties, title):
    assert properties[title]["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }


@pytest.mark.parametrize("title", BUCKETS)
def test_a_bucket_keeps_versions(properties, title):
    assert properties[title]["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("title", BUCKETS)
def test_a_bucket_asks_for_few_data_keys(properties, title):
    (rule,) = properties[title]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True


@pytest.mark.parametrize("title", BUCKETS)
def test_a_bucket_and_its_objects_are_reached_over_tls_only(resources, properties, title):
    policies = [
        properties[name]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::S3::BucketPolicy" and properties[name]["Bucket"] == title
    ]
    (policy,) = policies
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] in ("*", {"AWS": "*"})
    assert statement["Action"] == ["s3:*"]
    assert set(statement["Resource"]) == {f"{title}.Arn", f"{title}.Arn/*"}
    assert str(statement["Condition"]["Bool"]["aws:SecureTransport"]).lower() == "false"


@pytest.mark.parametrize("days", [1, 2555])
def test_artifacts_and_their_old_versions_live_for_the_retention(evaluate, days):
    bucket = evaluate(DataRetentionDays=days)["ApplicationArtifactsBucket"]
    (rule,) = (
        one for one in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in one
    )
    assert rule["Status"] == "Enabled"
    assert rule["ExpirationInDays"] == days
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == days
    assert "NoncurrentVersionExpirationInDays" not in rule


@pytest.mark.parametrize("title", BUCKETS)
def test_a_bucket_that_is_kept_keeps_its_policy(resources, title):
    kept = ("RetainExceptOnCreate", "Retain")
    for one in (title, f"{title}Policy"):
        assert (resources[one]["DeletionPolicy"], resources[one]["UpdateReplacePolicy"]) == kept


@pytest.mark.parametrize("title", BUCKETS)
def test_the_parts_of_a_broken_upload_go_after_a_week(properties, title):
    rule = properties[title]["LifecycleConfiguration"]["Rules"][-1]
    assert rule["Status"] == "Enabled"
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_configuration_does_not_expire(properties):
    (rule,) = properties["ConfigurationBucket"]["LifecycleConfiguration"]["Rules"]
    assert not [name for name in rule if "Expiration" in name]


@pytest.mark.parametrize("title", BUCKETS)
def test_the_key_of_a_bucket_is_the_same_for_whoever_writes(properties, title):
    """For another account and for services S3 takes an ARN only."""
    (rule,) = properties[title]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == "KMSKey.Arn"
