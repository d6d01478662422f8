package idp

//go:generate go run -C ../../../tools ./awsgen -facts awsgen/cognito-idp.json -out ../internal/userpool/idp
